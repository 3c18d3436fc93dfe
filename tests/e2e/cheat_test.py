#!/usr/bin/env python3
"""Scrutineers that cheat, as real processes: found, named, and their word outvoted or the round ended."""
import os
import sys

from federation import Federation, check
from log_test import audit, ended_by, public
from masks_test import NODES, SCRUTINEERS, check_nothing_left, counted, of_study, study, wait_until

THREE = ('organisations = ["north", "east", "south", "mill"]', 'organisations = ["north", "east", "south"]')


def serve(federation, node, cheat=None):
    """The node's program, which cheats if it is told how."""
    if node in federation.processes:
        federation.kill(node)
    before = len(federation.log(node))
    federation.spawn(node, "cheating-node" if cheat else federation.node_program, "--dir",
                     federation.path(node), "serve",
                     environment={"MUTUAL_CHEAT": cheat} if cheat else None)
    federation.wait_for(node, "is serving", after=before)


def disputes(federation, digest, code):
    return [(e["node"], e["about"]) for e in of_study(federation, "dispute", digest)
            if e["code"] == code]


def outvoted(federation):
    """One of three holders of a class lies about its sum."""
    serve(federation, "east", "class-sum")
    digest = federation.propose(study("A scrutineer lies about a sum", "10m", "60s"))
    federation.accept(digest)
    federation.watch(digest, 150)
    check(counted(federation, digest) == sorted(NODES), "a wrong class sum of one of three holders costs nobody's place")
    wait_until(lambda: len(disputes(federation, digest, "CLASS_SUM_MISMATCH")) == 3,
               "the other three name the liar")
    found = disputes(federation, digest, "CLASS_SUM_MISMATCH")
    check(sorted(found) == [("mill", "east"), ("north", "east"), ("south", "east")],
          "every other holder names it in a dispute, once: %s" % found)
    # A restart makes nobody name it again.
    for node in ("north", "mill"):
        serve(federation, node)
    serve(federation, "east")
    check_nothing_left(federation, digest)
    return digest


def two_against_each_other(federation):
    """Of three scrutineers two hold each class: a lie is noticed, and nobody can say whose it is."""
    serve(federation, "east", "class-sum")
    digest = federation.propose(study("A scrutineer lies to one other", "10m", "60s").replace(*THREE))
    federation.accept(digest)
    check(ended_by(federation, digest, "CLASS_SUM_MISMATCH"),
          "with two holders the second one finds it, and the study is abandoned with CLASS_SUM_MISMATCH")
    check(of_study(federation, "release", digest) == [], "nothing of it was released")
    serve(federation, "east")
    check_nothing_left(federation, digest)


def false_dispute(federation):
    """Mill disputes good keys of farm, whose answer's receipt gets lost on the way."""
    serve(federation, "mill", "disputes-farm")
    serve(federation, "farm", "lost-reveal")
    digest = federation.propose(study("A scrutineer disputes good keys", "12s", "16s"))
    federation.accept(digest)
    federation.watch(digest, 150)
    check("farm" in counted(federation, digest), "a scrutineer that lies about a node's keys does not keep it out")
    check(disputes(federation, digest, "MASK_KEY_REVEALED") == [("farm", "mill")],
          "the node answered it once, although the receipt was lost")
    masks = [e for e in of_study(federation, "masks", digest) if e["node"] == "farm"]
    check(len(masks) == 2, "and drew the key again")
    for node in ("mill", "farm"):
        serve(federation, node)
    check_nothing_left(federation, digest)
    return digest


def asks_about_another_close(federation):
    """The coordinator itself lies: it asks about a close that is not the first end of the round."""
    federation.kill("coordinator")
    before = len(federation.log("coordinator"))
    federation.spawn("coordinator", "cheating-coordinator", "serve", "--dir", federation.path("fed"))
    federation.wait_for("coordinator", "Serving", after=before)
    digest = federation.propose(study("A coordinator asks about another close", "10m", "30s"))
    federation.accept(digest)
    check(ended_by(federation, digest, "TOO_FEW_SCRUTINEERS"), "no scrutineer answers for a close that is not the round's end")
    for node in SCRUTINEERS:
        check("EQUIVOCATION" in federation.log(node), "%s refuses with EQUIVOCATION" % node)
        kept = [name for name in os.listdir(federation.path(node, "evidence")) if name.startswith("close-")]
        check(len(kept) == 1, "and keeps the checkpoint as evidence")
    check(of_study(federation, "tally", digest) == [] and of_study(federation, "release", digest) == [],
          "nothing was tallied or released")


def check_audit(federation, lied, disputed):
    code, output = audit(federation, "replay", lied[:12], "1", "--contributions",
                         federation.path("fed", "content"), "--log", public(federation))
    check("pass  REPLAY-SUM" in output and "pass  REPLAY-RESULT" in output,
          "replay recomputes the round with the outvoted liar")
    code, output = audit(federation, "verify", public(federation))
    failed = [line.split()[1:] for line in output.splitlines() if line.startswith("  FAIL")]
    check(code == 4 and {line[0] for line in failed} == {"CLASS-SUM", "DISPUTE"},
          "verify finds the lies and nothing else: %s" % failed)
    named = [" ".join(line) for line in failed]
    check(any("of east has another sum" in line for line in named), "it names who lied about a sum")
    check(any("mill disputed a good key of farm" in line for line in named), "and who lied about a key")
    check(any("nobody can tell which" in line for line in named), "and says where nobody can tell")
    code, output = audit(federation, "report", "--format", "md", public(federation))
    check("Published another sum than most" in output, "the report shows who was outvoted")
    check(len(disputes(federation, lied, "CLASS_SUM_MISMATCH")) == 3, "nobody was named twice in the end")
    complaints = disputes(federation, disputed, "MASK_KEY_MISMATCH")
    check(complaints == [("mill", "farm")] * 2, "each masks entry is complained of once: %s" % complaints)


def main():
    with Federation(sys.argv[1]) as federation:
        federation.begin(NODES)
        for node in NODES:
            federation.line_of_points(node)
        federation.serve_nodes()
        lied = outvoted(federation)
        two_against_each_other(federation)
        disputed = false_dispute(federation)
        check_audit(federation, lied, disputed)
        asks_about_another_close(federation)


if __name__ == "__main__":
    main()
