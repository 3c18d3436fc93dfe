#!/usr/bin/env python3
"""The log of real processes: what stands in it, who serves it, and two coordinators from one folder."""
import json
import os
import shutil
import sys
import time

from federation import Failed, Federation, check
from study_text import real, study_text

NODES = ["north", "east", "south", "mill"]
STUDY = study_text(real("x", -1, 1), 'kind = "mean"\ncolumns = ["x"]', NODES, window="%s")


def audit(federation, *arguments, policy="north"):
    return federation.run("mutual-audit", "--policy", federation.path(policy, "trust", "policy"),
                          *arguments, check=False)


def public(federation, folder="fed"):
    return federation.path(folder, "log", "public")


def entries(federation, kind, folder="fed"):
    """The log's entries of a type, as dictionaries of their lines."""
    code, output = audit(federation, "export", "--jsonl", "--log", public(federation, folder))
    if code not in (0, 3):
        raise Failed(output)
    found = []
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        entry = json.loads(line)
        if entry.get("type") == kind:
            found.append({"index": entry["index"], **dict(entry["fields"])})
    return found


def wait_for_entry(federation, kind, **fields):
    """The first entry of a type with these lines, once it is published."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for entry in entries(federation, kind):
            if all(entry.get(key.replace("_", "-")) == value for key, value in fields.items()):
                return entry
        time.sleep(0.05)
    raise Failed("no %s entry with %s" % (kind, fields))


def ended_by(federation, digest, code):
    status, output = federation.run("mutual", "--dir", federation.path("research"), "watch", digest,
                                    check=False)
    return status == 1 and code in output


def operate(federation, *arguments):
    return federation.run("mutual-coordinator", arguments[0], "--dir", federation.path("fed"),
                          *arguments[1:])


def open_round(federation, title):
    """A round that waits for mill, which cannot read its table; its study's digest."""
    digest = federation.propose(STUDY % (title, "10m"))
    federation.accept(digest)
    for node in NODES[:3]:
        federation.wait_for(node, "study %s round 1: contribution sent" % digest[:12])
    return digest


def block(federation):
    """Mill's table is a pipe that nobody writes: it agrees on masks and then never contributes."""
    federation.kill("mill")
    table = federation.path("mill", "points.csv")
    os.rename(table, table + ".kept")
    os.mkfifo(table)
    federation.serve_node("mill")


def unblock(federation):
    federation.kill("mill")
    table = federation.path("mill", "points.csv")
    os.replace(table + ".kept", table)
    federation.serve_node("mill")


def what_happened(federation):
    federation.ask(STUDY % ("An ordinary study", "10m"))
    digest = federation.propose(STUDY % ("Nobody accepts", "300ms"))
    check(ended_by(federation, digest, "TOO_FEW_ACCEPTED"), "a study that nobody accepts ends")
    end = wait_for_entry(federation, "abandon", study="sha256:" + digest)
    check(end["round"] == "0" and end["code"] == "TOO_FEW_ACCEPTED" and "round-start" not in end,
          "and its end before the first round stands in the log")

    programs = sorted((e["program"], e.get("node", e.get("researcher", "")))
                      for e in entries(federation, "software"))
    check(programs == sorted([("mutual-coordinator", ""), ("mutual-audit", ""), ("mutual", "research")] +
                             [("mutual-node", n) for n in NODES]),
          "coordinator, every node and the researcher have logged their program once, the auditor's too")

    digest = federation.propose(STUDY % ("Stopped before its first round", "10m"))
    operate(federation, "stop", digest[:12], "--why", "The question was wrong.")
    check(ended_by(federation, digest, "OPERATOR_STOPPED"), "the operator stops a study")
    why = wait_for_entry(federation, "incident", study="sha256:" + digest)
    end = wait_for_entry(federation, "abandon", study="sha256:" + digest)
    check(why["what"] == "The question was wrong." and why["index"] < end["index"] and
          end["code"] == "OPERATOR_STOPPED", "and the log says so first, and why")

    block(federation)
    digest = open_round(federation, "Stopped in its first round")
    operate(federation, "stop", digest[:12], "--why", "A column was misread.")
    check(ended_by(federation, digest, "OPERATOR_STOPPED"), "also in a round that is open")
    end = wait_for_entry(federation, "abandon", study="sha256:" + digest)
    check(end["round"] == "1" and "round-start" in end, "whose abandon is logged")

    digest = open_round(federation, "A kept file is lost")
    kept = wait_for_entry(federation, "contribution", study="sha256:" + digest)["sha256"]
    os.remove(federation.path("fed", "content", kept[:2], kept[2:]))
    unblock(federation)
    check(ended_by(federation, digest, ""), "a round whose sum cannot be made ends its study")
    failed = wait_for_entry(federation, "incident", study="sha256:" + digest)
    check(failed["round"] == "1", "and the failed release is an incident in the log: " + failed["code"])

    operate(federation, "record", "POWER_CUT", "The machine was without power for an hour.")
    wait_for_entry(federation, "incident", code="POWER_CUT")
    code, output = federation.run("mutual-coordinator", "record", "--dir", federation.path("fed"),
                                  "power cut", "Two lines\nof text.", check=False)
    check(code == 1 and "want capitals" in output, "what the log could not hold is refused at once")
    federation.kill("coordinator")
    federation.serve_coordinator()
    digest = federation.ask(STUDY % ("All is well again", "10m"))
    check(len(entries(federation, "software")) == len(NODES) + 3, "a restart of the same program is not logged")
    code, output = audit(federation, "verify", public(federation))
    check(code == 0, "and the whole log verifies: " + output.strip().splitlines()[-1])
    check("pass  SOFTWARE" in output, "by the mutual-audit that the log names")


def set_back(federation):
    """⚔ An old copy of the coordinator's folder is restored while nodes and witnesses know more."""
    folder, old, newest = (federation.path(name) for name in ("fed", "fed.old", "fed.newest"))
    federation.kill("coordinator")
    shutil.copytree(folder, old)
    federation.serve_coordinator()
    federation.ask(STUDY % ("Lost by a restored backup", "10m"))
    federation.kill("coordinator")
    os.rename(folder, newest)
    shutil.copytree(old, folder)
    with open(os.path.join(public(federation), "checkpoint")) as file:
        size = file.read().split("\n")[1]
    before = len(federation.log("coordinator"))
    federation.serve_coordinator()
    code = federation.processes["coordinator"].wait(timeout=60)
    said = federation.log("coordinator")[before:]
    check(code != 0 and "STORAGE_ROLLED_BACK" in said,
          "⚔ a coordinator whose folder was set back stops as soon as nodes connect")
    with open(os.path.join(public(federation), "checkpoint")) as file:
        check(file.read().split("\n")[1] == size, "and has appended nothing")
    shutil.rmtree(folder)
    os.rename(newest, folder)
    federation.serve_coordinator()
    federation.ask(STUDY % ("With the newest copy all goes on", "10m"))
    code, output = audit(federation, "verify", public(federation))
    check(code == 0, "the newest copy goes on: " + output.strip().splitlines()[-1])


def main():
    with Federation(sys.argv[1]) as federation:
        federation.begin(NODES)
        for node in NODES:
            federation.configure(node, slots=16)
            federation.table(node, "points", ["who", "x"], [["M%d" % i, i / 10] for i in range(9)])
        federation.serve_nodes()
        what_happened(federation)
        set_back(federation)


if __name__ == "__main__":
    main()
