#!/usr/bin/env python3
"""A node that misbehaves loses its own place only: the others' round goes on, and their sum is theirs."""
import os
import sys

from federation import Federation, check
from log_test import entries
from programs_test import STUDY

HONEST = ["north", "east", "south", "mill"]
WANTED = {
    "signs-another-length": "WRONG_LENGTH",
    "sends-too-much": "WRONG_LENGTH",
    "sends-other-bytes": "CONTRIBUTION_CORRUPT",
    "sends-too-little": "",  # an upload that ended early may be resumed: no code
    "speaks-for-another": "BAD_STATEMENT",
    "answers-a-later-round": "ROUND_CLOSED",
    "answers-another-study": "STUDY_UNKNOWN",
}


def misbehave(federation, digest, how):
    output = federation.run("rogue-node", federation.path("rogue"), digest, how)
    return dict(line.partition(" ")[::2] for line in output.splitlines())


def begin(federation, title):
    """A round that every honest node has answered and the rogue's own node never will."""
    digest = federation.propose(STUDY.replace("How long is a shift", title))
    before = {node: len(federation.log(node)) for node in HONEST}
    federation.accept(digest, ["rogue"] + HONEST)
    for node in HONEST:
        federation.wait_for(node, "contribution sent", after=before[node])
    return digest


def loses_its_place(federation):
    digest = begin(federation, "A node misbehaves")
    told = misbehave(federation, digest, "bad")
    for attempt, code in WANTED.items():
        check(told[attempt] == code, "a node that %s is told %s" % (attempt, code or "to resume"))
    misbehave(federation, digest, "refuse")
    federation.watch(digest)
    told = misbehave(federation, digest, "late")
    check(told["answers-late"] == "NOT_COUNTED", "one that answers after the close is not counted")
    mean = [value for (table, _, estimate), value in federation.estimates(digest).items()
            if estimate == "mean"]
    check(len(mean) == 1 and abs(mean[0] - 5.5) < 1e-9,
          "the result is that of the honest nodes: %s" % mean)


def answers_twice(federation):
    digest = begin(federation, "A node answers twice")
    told = misbehave(federation, digest, "twice")
    check(told == {"answers": "COUNTED", "answers-twice": "FIRST_COUNTS"},
          "one that answers twice is counted once, by its first answer: %s" % told)
    federation.watch(digest)
    sent = [e["node"] for e in entries(federation, "contribution")
            if e["study"] == "sha256:" + digest]
    check(sorted(sent) == sorted(HONEST + ["rogue"]), "and stands in the log once")


def main():
    with Federation(sys.argv[1], "noiseless-node") as federation:
        federation.begin(HONEST + ["rogue"])
        for number, node in enumerate(HONEST):
            federation.configure(node, slots=256)
            federation.table(node, "shifts", ["who", "hours"],
                             [["M%d" % m, number + 4] for m in range(200)])
        # Its own node agrees on masks and then waits for a table that nobody writes.
        federation.table("rogue", "shifts", ["who", "hours"], [["M0", 4]])
        table = federation.path("rogue", "shifts.csv")
        os.remove(table)
        os.mkfifo(table)
        federation.serve_nodes()
        loses_its_place(federation)
        federation.kill("rogue")
        federation.serve_node("rogue")
        answers_twice(federation)
        federation.kill("rogue")
        os.remove(table)
        with open(table, "w") as file:
            file.write("who,hours\nM0,4\n")
        federation.serve_node("rogue")
        federation.ask(STUDY.replace("How long is a shift", "How long is a shift now"))
        check(True, "the next study has room for it again")


if __name__ == "__main__":
    main()
