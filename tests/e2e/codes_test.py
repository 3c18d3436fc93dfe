#!/usr/bin/env python3
"""Refusals of real processes that no other test meets: each with its code, and nothing lost by it."""
import os
import shutil
import subprocess
import sys

from federation import Federation, check
from log_test import STUDY, block, entries, open_round, unblock, wait_for_entry
from masks_test import study as training_study

NODES = ["north", "east", "south", "mill"]


def refused(federation, *command):
    code, output = federation.run(*command, check=False)
    return output if code != 0 else "accepted: " + output


def propose(federation, text):
    path = federation.path("refused.toml")
    with open(path, "w") as file:
        file.write(text)
    return refused(federation, "mutual", "--dir", federation.path("research"), "propose", path)


def rude(federation, folder, *arguments):
    """The code that a rude client is answered."""
    done = subprocess.run([os.path.join(federation.programs, "rude_client"), federation.path(folder),
                           *arguments], stdout=subprocess.PIPE, text=True, timeout=60)
    return done.stdout.split("\n")


def begin(federation):
    federation.begin(NODES[:1])
    check("TOO_FEW_ORGANISATIONS" in propose(federation, STUDY % ("Alone", "10m")),
          "a federation of one organisation asks nothing")
    for name in NODES[1:]:
        federation.run("mutual-node", "--dir", federation.path(name), "join",
                       federation.invite("node"), "--organisation", name)
    federation.nodes = list(NODES)
    for node in NODES:
        federation.configure(node, slots=16)
        federation.table(node, "points", ["who", "x", "y"],
                         [["M%d" % i, i / 10, 0] for i in range(9)])
    federation.serve_nodes()


def proposals(federation):
    text = STUDY % ("Refused", "10m")
    check("SCRUTINEER_UNKNOWN" in propose(federation, text.replace('"mill"]', '"stranger"]')),
          "a scrutineer must be one of the log's witnesses")
    check("WITNESS_QUORUM" in propose(federation, text.replace("threshold = 2", "threshold = 4")
                                      .replace("assumed_colluders = 1", "assumed_colluders = 3")
                                      .replace("min_nodes = 3", "min_nodes = 5")),
          "scrutineers that may lie must be fewer than two quorums share")
    config = federation.path("fed", "coordinator.toml")
    with open(config) as file:
        kept = file.read()
    federation.kill("coordinator")
    with open(config, "w") as file:
        file.write(kept.replace('operator_nodes = ""', 'operator_nodes = "mill"'))
    federation.serve_coordinator()
    check("OPERATOR_UNDECLARED" in propose(federation, text),
          "a study must say which nodes the operator runs")
    federation.kill("coordinator")
    with open(config, "w") as file:
        file.write(kept)
    federation.serve_coordinator()


def strangers(federation):
    for folder, what, code in (("mill", "health", "SERVING"),
                               ("mill", "reflection", "LISTS_SERVICES"),
                               ("mill", "no-certificate", "CERTIFICATE_MISSING"),
                               ("mill", "another's-name", "BAD_STATEMENT"),
                               ("mill", "unknown-study", "STUDY_UNKNOWN"),
                               ("mill", "unknown-content", "CONTENT_UNKNOWN"),
                               ("research", "unknown-model", "CONTENT_UNKNOWN"),
                               ("research", "unknown-content", "WRONG_ROLE")):
        answer = rude(federation, folder, what)
        check(answer[0] == code, "%s: %s" % (what, " ".join(answer)))


def uploads(federation):
    block(federation)
    digest = open_round(federation, "Uploads that do not fit")
    length = wait_for_entry(federation, "contribution", study="sha256:" + digest)["vector-len"]
    for what, size, code in (("length", "7", "WRONG_LENGTH"),
                             ("too-many-bytes", length, "WRONG_LENGTH"),
                             ("offset", length, "WRONG_OFFSET")):
        answer = rude(federation, "mill", what, digest, "1", size)
        check(answer[0] == code, "%s: %s" % (what, " ".join(answer)))
    results = ["mutual", "--dir", federation.path("research")]
    check("STUDY_NOT_FINISHED" in refused(federation, *results, "results", digest),
          "a study that runs has no result yet")
    unblock(federation)
    federation.watch(digest)
    counted = [e["node"] for e in entries(federation, "contribution")
               if e["study"] == "sha256:" + digest]
    check(sorted(counted) == sorted(NODES), "and mill's own contribution counts after all")
    os.mkdir(federation.path("full"))
    with open(federation.path("full", "note"), "w") as file:
        file.write("mine")
    check("BUNDLE_FOLDER" in refused(federation, *results, "bundle", digest, "-o",
                                     federation.path("full")),
          "a bundle does not mix with other files")


def a_private_reason(federation):
    """More members than slots: the node refuses, and only it knows why."""
    federation.kill("north")
    table = federation.path("north", "points.csv")
    shutil.copy(table, table + ".kept")
    with open(table, "a") as file:
        file.writelines("N%d,0.5,0\n" % i for i in range(20))
    federation.serve_node("north")
    digest = federation.propose(STUDY % ("Too many members", "10m"))
    federation.accept(digest)
    federation.wait_for("north", "SLOTS_FULL")
    federation.wait_for("coordinator", "north declined round 1: NODE_REFUSED")
    check("SLOTS_FULL" not in federation.log("coordinator"), "the coordinator is not told why")
    federation.watch(digest)
    federation.kill("north")
    os.replace(table + ".kept", table)


def without_learning(federation):
    """North's program alone, without LibTorch's module beside it."""
    os.mkdir(federation.path("alone"))
    program = shutil.copy(os.path.join(federation.programs, "mutual-node"), federation.path("alone"))
    before = len(federation.log("north"))
    federation.spawn("north", program, "--dir", federation.path("north"), "serve")
    federation.wait_for("north", "is serving", after=before)
    digest = federation.propose(training_study("A model", min_nodes=3, train=True))
    federation.accept(digest)
    federation.wait_for("north", "LEARNING_MISSING", after=before)
    federation.wait_for("coordinator", "north declined round 1: LEARNING_MISSING")
    check(True, "a node without LibTorch says so and stays out")
    federation.watch(digest)
    model = entries(federation, "release")[-1]["model"]
    answer = rude(federation, "mill", "small-room", model)
    check(answer[0] == "CONTENT_TOO_LARGE", "more than was announced is not read: " + " ".join(answer))
    federation.kill("north")
    federation.serve_node("north")


def a_scrutineer_leaves(federation):
    """East is revoked after it has published its key and before anybody has drawn masks."""
    digest = federation.propose(STUDY % ("A scrutineer that leaves", "10m"))
    for node in NODES:
        wait_for_entry(federation, "scrutineer", study="sha256:" + digest, node=node)
    federation.run("mutual-coordinator", "revoke", "east", "--dir", federation.path("fed"))
    wait_for_entry(federation, "revoke", node="east")
    federation.accept(digest, ["north"])
    federation.wait_for("north", "SCRUTINEER_REVOKED")
    check(True, "a node wraps no mask keys for a scrutineer that was revoked")


def main():
    with Federation(sys.argv[1]) as federation:
        begin(federation)
        federation.ask(STUDY % ("An ordinary study", "10m"))
        proposals(federation)
        strangers(federation)
        uploads(federation)
        a_private_reason(federation)
        without_learning(federation)
        a_scrutineer_leaves(federation)


if __name__ == "__main__":
    main()
