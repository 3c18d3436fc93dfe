#!/usr/bin/env python3
"""Masked studies of real processes: scrutineers that die, nodes that vanish, folders that are stolen.

Seven organisations, of which four are scrutineers with threshold 2: one may be dead, never two.
"""
import json
import os
import signal
import struct
import sys
import time

from federation import PATIENCE, Failed, Federation, check
from log_test import audit, ended_by, entries, public, wait_for_entry
from study_text import line_training, real, study_text

SCRUTINEERS = ["north", "east", "south", "mill"]
NODES = SCRUTINEERS + ["farm", "dock", "loom"]
ROSTER = [node for node in NODES if node != "east"]
STUDY = study_text(real("x", -1, 1) + real("y", -1, 1), "%(recipe)s", SCRUTINEERS, title="%(title)s", noise=40,
                   clip="%(clip)s", min_nodes="%(min_nodes)d", deadline="%(deadline)s", window="%(window)s")
ROUNDS = 12
MEAN = 'kind = "mean"\ncolumns = ["x"]'
TRAIN = line_training(ROUNDS)


def study(title, window="8s", deadline="30s", min_nodes=4, train=False):
    return STUDY % {"title": title, "window": window, "deadline": deadline, "min_nodes": min_nodes,
                    "recipe": TRAIN if train else MEAN, "clip": "clip = 1" if train else ""}


def wait_until(holds, what, seconds=30):
    until = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    raise Failed(what)


def counted(federation, digest):
    """Who was counted in round 1, by the log."""
    wait_for_entry(federation, "close", study="sha256:" + digest)
    code, output = audit(federation, "export", "--jsonl", "--log", public(federation))
    if code not in (0, 3):
        raise Failed(output)
    every = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    study_line = ["study", "sha256:" + digest]
    close = [e["fields"] for e in every if e["type"] == "close" and study_line in e["fields"]][0]
    named = {int(value) for key, value in close if key == "contribution"}
    return sorted(dict(e["fields"])["node"] for e in every if int(e["index"]) in named)


def ratchets(data):
    """[(node, class, round)] of saved ratchets (docs/MASKING.md, saved state version 1)."""
    found = []
    while data:
        size, data = struct.unpack(">I", data[:4])[0], data[4:]
        one, data = data[:size], data[size:]
        if one[:5] != b"MRAT\x01":
            raise Failed("a saved ratchet begins with %r" % one[:5])
        one, fields = one[5:], []
        for _ in range(5):
            length = struct.unpack(">I", one[:4])[0]
            fields.append(one[4:4 + length])
            one = one[4 + length:]
        if len(one) != 32:
            raise Failed("a saved ratchet ends with %d bytes" % len(one))
        found.append((fields[2].decode(), int.from_bytes(fields[3], "big"),
                      int.from_bytes(fields[4], "big")))
    return found


def stolen(federation, node, kind, digest):
    """What a thief finds of a study in a node's folder; nothing when the file is not there."""
    try:
        with open(federation.path(node, kind, digest + ".keys"), "rb") as file:
            return ratchets(file.read())
    except FileNotFoundError:
        return []


def nothing_left(federation, digest):
    """Whether no living node has a secret of the study."""
    return not any(name.startswith(digest)
                   for node in NODES if federation.processes[node].poll() is None
                   for kind in ("masks", "scrutineer")
                   if os.path.isdir(federation.path(node, kind))
                   for name in os.listdir(federation.path(node, kind)))


def check_nothing_left(federation, digest):
    wait_until(lambda: nothing_left(federation, digest), "mask keys are left after the study")
    check(True, "no mask key, seed or window key of it is left on any node")


def of_study(federation, kind, digest):
    return [e for e in entries(federation, kind) if e.get("study") == "sha256:" + digest]


def one_dead(federation):
    federation.kill("mill")
    digest = federation.propose(study("One scrutineer is dead"))
    federation.accept(digest, [node for node in NODES if node != "mill"])
    federation.watch(digest, 60)
    check(counted(federation, digest) == sorted(node for node in NODES if node != "mill"),
          "a study completes though one of four scrutineers is dead")
    tallies = {e["node"] for e in of_study(federation, "tally", digest)}
    check(tallies == {"north", "east", "south"}, "the other three tallied it")
    check_nothing_left(federation, digest)
    federation.serve_node("mill")
    return digest


def hold(federation, digest):
    """Stops loom in mid-study; returns the round that now waits for it."""
    federation.wait_for("loom", "study %s round 2: contribution sent" % digest[:12])
    federation.processes["loom"].send_signal(signal.SIGSTOP)
    others = [node for node in ROSTER if node != "loom"]

    def sent():
        return {node: federation.log(node).count("study %s round" % digest[:12]) for node in others}

    wait_until(lambda: len(set(sent().values())) == 1 and sent()["north"] > 2 and
               all(len(of_study(federation, "release", digest)) == count - 1
                   for count in sent().values()), "no round waits for loom: %s" % sent())
    return sent()["north"]


def stolen_in_mid_study(federation):
    # East holds keys and has no data in it: a dead one of the roster would cost every round its deadline.
    digest = federation.propose(study("Folders are stolen, a scrutineer dies", "8s", train=True))
    federation.accept(digest, ROSTER)
    held = hold(federation, digest)
    check(held < ROUNDS, "round %d of %d waits for a node" % (held, ROUNDS))
    for node in ROSTER:
        loot = stolen(federation, node, "masks", digest)
        last = held if node != "loom" else held - 1
        check(len(loot) == 4 and all(round > last for _, _, round in loot) and
              not os.path.exists(federation.path(node, "masks", digest + ".seed")),
              "whoever steals %s now has no mask key of rounds up to %d" % (node, last))
    for node in SCRUTINEERS:
        wait_until(lambda: all(r >= held for _, _, r in stolen(federation, node, "scrutineer", digest)),
                   "%s keeps keys of rounds that are released" % node)
        check(len(stolen(federation, node, "scrutineer", digest)) == 3 * len(ROSTER) and
              not os.path.exists(federation.path(node, "scrutineer", digest + ".window")),
              "nor whoever steals scrutineer %s, which holds keys of round %d on" % (node, held))
    federation.kill("south")
    federation.serve_node("south")
    federation.kill("east")
    federation.processes["loom"].send_signal(signal.SIGCONT)
    federation.watch(digest, 90)
    released = of_study(federation, "release", digest)
    check(len(released) == ROUNDS, "a scrutineer killed in mid-study and one restarted cost no round")
    federation.serve_node("east")
    check_nothing_left(federation, digest)
    return digest


def dies_between_tally_and_sums(federation):
    """East tallies; its class sums are asked of it in vain, because it is gone by then."""
    block(federation, "loom")
    digest = federation.propose(study("A scrutineer dies half way through a tally", "10m", "12s"))
    federation.accept(digest)
    for node in NODES[:-1]:
        federation.wait_for(node, "study %s round 1: contribution sent" % digest[:12])
    path = federation.path("fed", "log", "public", "tile", "entries")
    wait_until(lambda: has_tally(path, "east", digest), "east tallied nothing", 40)
    federation.kill("east")
    federation.watch(digest, 60)
    check("loom" not in counted(federation, digest),
          "a scrutineer that dies after its tally has its classes taken over")
    unblock(federation, "loom")
    federation.serve_node("east")
    check_nothing_left(federation, digest)


def has_tally(path, node, digest):
    wanted = ("tally@v1".encode(), b"\nnode " + node.encode() + b"\n",
              b"study sha256:" + digest.encode())
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
            except FileNotFoundError:
                continue
            for entry in data.split(b"fed.example/mutual/"):
                if entry.startswith(wanted[0]) and all(part in entry for part in wanted):
                    return True
    return False


def block(federation, node):
    """The node's table is a pipe that nobody writes: it agrees on masks and then never contributes."""
    federation.kill(node)
    table = federation.path(node, "points.csv")
    os.rename(table, table + ".kept")
    os.mkfifo(table)
    federation.serve_node(node)


def unblock(federation, node):
    federation.kill(node)
    table = federation.path(node, "points.csv")
    os.replace(table + ".kept", table)
    federation.serve_node(node)


def four_vanish(federation):
    for node in ("mill", "loom"):
        block(federation, node)
    digest = federation.propose(study("Nodes vanish", "10m", "8s"))
    federation.accept(digest)
    for node in ("farm", "dock"):
        federation.wait_for(node, "study %s round 1: contribution sent" % digest[:12])
        federation.kill(node)
    federation.watch(digest, 60)
    check(counted(federation, digest) == sorted(["north", "east", "south", "farm", "dock"]),
          "of seven nodes two vanish before uploading and two after it: the round counts five")
    starts, sent = of_study(federation, "round-start", digest), of_study(federation, "contribution", digest)
    check(len(starts) == 1 and len(sent) == 5, "with one upload each and nothing asked again")
    for node in ("farm", "dock"):
        federation.serve_node(node)
    for node in ("mill", "loom"):
        unblock(federation, node)
    check_nothing_left(federation, digest)
    return digest


def two_dead(federation):
    block(federation, "loom")
    digest = federation.propose(study("Two scrutineers die in a round", "10m", "5s"))
    federation.accept(digest)
    for node in NODES[:-1]:
        federation.wait_for(node, "study %s round 1: contribution sent" % digest[:12])
    federation.kill("south")
    federation.kill("mill")
    check(ended_by(federation, digest, "TOO_FEW_SCRUTINEERS"),
          "two dead in an open round: it waits, and the study is abandoned with TOO_FEW_SCRUTINEERS")
    check(of_study(federation, "release", digest) == [], "nothing of it was released")
    unblock(federation, "loom")
    late = federation.propose(study("Two scrutineers are dead from the start", "8s", "2s"))
    federation.accept(late, [node for node in NODES if node not in ("south", "mill")])
    check(ended_by(federation, late, "TOO_FEW_KEYS"),
          "two dead from the start: no round begins, and the study ends with TOO_FEW_KEYS")
    for node in ("south", "mill"):
        federation.serve_node(node)
    check_nothing_left(federation, digest)
    check_nothing_left(federation, late)


def check_audit(federation, digest, number):
    code, output = audit(federation, "replay", digest[:12], str(number), "--contributions",
                         federation.path("fed", "content"), "--log", public(federation))
    check(code == 0, "replay recomputes round %d of %s: %s" % (number, digest[:12], output.strip()))


def main():
    with Federation(sys.argv[1]) as federation:
        federation.begin(NODES)
        for node in NODES:
            federation.line_of_points(node)
        federation.serve_nodes()
        masked = one_dead(federation)
        trained = stolen_in_mid_study(federation)
        dies_between_tally_and_sums(federation)
        vanished = four_vanish(federation)
        two_dead(federation)
        check_audit(federation, masked, 1)
        check_audit(federation, vanished, 1)
        check_audit(federation, trained, ROUNDS)
        code, output = audit(federation, "verify", public(federation))
        check(code == 0, "and the whole log verifies: " + output.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
