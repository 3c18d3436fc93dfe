#!/usr/bin/env python3
"""Faults of real processes: kills, a full disk, damaged files, a clock that jumps.

Nodes run the test-only program without noise, so that a disturbed run can be compared bit for bit with an
undisturbed one.
"""
import json
import mmap
import os
import random
import struct
import sys
import time

from federation import Federation, check
from study_text import line_training, real, study_text

NODES = ["north", "east", "south", "mill"]
STUDY = study_text(real("x", -1, 1) + real("y", -1, 1), line_training("%d"), ["north", "south", "east", "mill"],
                   noise=40, clip="clip = 1", min_nodes="%d")


class World:
    """The clock and disk of processes started with `environment`."""

    def __init__(self, federation, name):
        self.path = federation.path(name + ".world")
        with open(self.path, "wb") as file:
            file.write(bytes(16))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 16)
        shim = os.path.join(federation.programs, "..", "lib", "libmutual-world-shim.so")
        self.environment = {"LD_PRELOAD": os.path.abspath(shim), "MUTUAL_WORLD": self.path}

    def set(self, clock_offset=0, disk_full=0):
        self.memory[:16] = struct.pack("=qq", clock_offset, disk_full)


def rounds_answered(federation, node, digest):
    lines = federation.run(federation.node_program, "--dir", federation.path(node), "sent").splitlines()
    return sorted(int(line.split(" round ")[1].split()[0]) for line in lines
                  if digest[:12] in line and "not yet acknowledged" not in line)


def answered_all(federation, node, digest):
    """Whether every round was answered once; the last receipt may come after the study's end."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if rounds_answered(federation, node, digest) == list(range(1, 51)):
            return True
        time.sleep(0.1)
    return False


def kills(federation, rng):
    calm = federation.ask(STUDY % ("Calm", 50, 4))
    digest = federation.propose(STUDY % ("Storm", 50, 4))
    federation.accept(digest)
    for _ in range(4):
        time.sleep(rng.uniform(0, 0.4))
        federation.kill("coordinator")
        federation.serve_coordinator()
        time.sleep(rng.uniform(0, 0.4))
        federation.kill("east")
        federation.serve_node("east")
    federation.watch(digest)
    check(federation.model(digest) == federation.model(calm),
          "after four kills of the coordinator and four of a node in 50 rounds the model is bit for bit "
          "the undisturbed one")
    for node in NODES:
        check(answered_all(federation, node, digest),
              "%s answered every round once" % node)
    return calm


def full_disk(federation, calm):
    worlds = {name: World(federation, name) for name in ("coordinator", "east")}
    for name in worlds:
        federation.kill(name)
    federation.serve_coordinator(worlds["coordinator"].environment)
    federation.serve_node("east", worlds["east"].environment)

    digest = federation.propose(STUDY % ("A node's disk is full", 50, 4))
    federation.accept(digest, ["north", "south", "mill"])
    worlds["east"].set(disk_full=1)
    before = len(federation.log("east"))
    federation.accept(digest, ["east"])  # another process, whose disk has room
    federation.wait_for("east", "DISK_FULL", after=before)
    check(rounds_answered(federation, "east", digest) == [], "a node with a full disk sends nothing")
    worlds["east"].set()
    federation.watch(digest)
    check(federation.model(digest) == federation.model(calm),
          "with room again it goes on, and the model is the undisturbed one")

    digest = federation.propose(STUDY % ("The coordinator's disk is full", 50, 4))
    worlds["coordinator"].set(disk_full=1)
    code, output = federation.run(federation.node_program, "--dir", federation.path("north"), "accept",
                                  digest, check=False)
    check(code == 1, "a coordinator with a full disk takes no answer")
    check(federation.processes["coordinator"].wait(timeout=30) == 1 and
          "DISK_FULL" in federation.log("coordinator"), "and ends, saying so, before anything is lost")
    worlds["coordinator"].set()
    federation.serve_coordinator(worlds["coordinator"].environment)
    federation.accept(digest)
    time.sleep(0.3)
    worlds["coordinator"].set(disk_full=1)
    time.sleep(1)
    worlds["coordinator"].set()
    # It is ending if the log was being written, and waits for room otherwise.
    federation.kill("coordinator")
    federation.serve_coordinator(worlds["coordinator"].environment)
    federation.watch(digest)
    check(federation.model(digest) == federation.model(calm),
          "full in mid-study and free again: the model is the undisturbed one")
    check(answered_all(federation, "east", digest),
          "and every round was answered once")
    return worlds


def answers(federation, node, error=None):
    """Whether the coordinator comes to answer a node, or comes to refuse it so: absl sees that a clock has jumped only
    when it looks at the system's again, within seconds."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        status, output = federation.run(federation.node_program, "--dir", federation.path(node), "studies", check=False)
        if status == (0 if error is None else 1) and (error is None or error in output):
            return True
    return False


def clocks(federation, worlds, calm):
    day = 86400
    digest = federation.propose(STUDY % ("A node's clock jumps", 50, 3))
    federation.accept(digest, ["north", "south", "mill"])
    worlds["east"].set(clock_offset=2 * day)
    before = len(federation.log("east"))
    federation.accept(digest, ["east"])
    federation.wait_for("east", "ROUND_EXPIRED", after=before)
    check(True, "a node whose clock is two days ahead says that the round is over")
    worlds["east"].set()
    federation.watch(digest)
    check(federation.results(digest)["model"] != "", "the others finish without it")

    digest = federation.propose(STUDY % ("The coordinator's clock goes back half a minute", 50, 4))
    federation.accept(digest)
    time.sleep(0.2)
    worlds["coordinator"].set(clock_offset=-30)
    federation.watch(digest)
    check(federation.model(digest) == federation.model(calm),
          "a coordinator's clock set back within the deadline changes nothing")
    digest = federation.propose(STUDY % ("The coordinator's clock goes back an hour", 50, 4))
    before = len(federation.log("mill"))
    worlds["coordinator"].set(clock_offset=-3600)
    federation.accept(digest)
    federation.wait_for("mill", "ROUND_EXPIRED", after=before)
    code, output = federation.run("mutual", "--dir", federation.path("research"), "watch", digest,
                                  check=False)
    check(code == 1 and "TOO_FEW_CONTRIBUTIONS" in output,
          "set back beyond it, nodes stay out of rounds that are over and the researcher is told")
    worlds["coordinator"].set(clock_offset=1000 * day)
    check(answers(federation, "north", "CERTIFICATE_EXPIRED"), "a clock years ahead makes certificates expire, and says so")
    worlds["coordinator"].set()
    for node in NODES:  # those that were told so have ended
        federation.kill(node)
    check(answers(federation, "north"), "and work again when it is set right")
    for node in NODES:
        federation.serve_node(node)
    digest = federation.ask(STUDY % ("All clocks are right", 50, 4))
    check(federation.model(digest) == federation.model(calm), "and all is well")


def damage(path):
    """Overwrites the middle of a file; returns its old bytes."""
    with open(path, "rb") as file:
        old = file.read()
    middle = len(old) // 2
    with open(path, "r+b") as file:
        file.seek(middle)
        file.write(bytes(255 - b for b in old[middle:middle + 4096]))
    return old


def damaged_files(federation, calm):
    parameters = federation.model(calm)
    for name, process, command in (
            ("fed/journal.sqlite", "coordinator", ["mutual-coordinator", "serve", "--dir",
                                                   federation.path("fed")]),
            ("north/ledger.sqlite", "north", [federation.node_program, "--dir",
                                              federation.path("north"), "serve"])):
        federation.processes[process].terminate()
        federation.processes[process].wait()
        wanted = "JOURNAL_CORRUPT" if process == "coordinator" else "LEDGER_CORRUPT"
        old = damage(federation.path(name))
        code, output = federation.run(*command, check=False)
        check(code == 1 and wanted in output and "backup" in output,
              "a damaged %s is refused with %s and the next step" % (name, wanted))
        with open(federation.path(name), "rb") as file:
            check(file.read() != old, "and left as it was found")
        with open(federation.path(name), "wb") as file:
            file.write(old)
        if process == "coordinator":
            federation.serve_coordinator()
        else:
            federation.serve_node(process)
    check(federation.model(calm) == parameters, "with the backup everything is there")


def restored_ledger(federation, calm):
    ledger = federation.path("mill", "ledger.sqlite")
    own = ["--dir", federation.path("mill")]

    def spent():
        budget = json.loads(federation.run(federation.node_program, *own, "--json", "budget"))
        return budget["epsilon_node_spent"]

    def end(name):
        federation.processes[name].terminate()
        federation.processes[name].wait()

    end("mill")
    backup = {end: open(ledger + end, "rb").read() for end in ("", "-wal") if os.path.exists(ledger + end)}
    federation.serve_node("mill")
    digest = federation.ask(STUDY % ("After the backup", 50, 4))
    check(answered_all(federation, "mill", digest), "a study runs after the backup")
    end("mill")
    before = spent()
    for name in ("", "-wal", "-shm"):
        if os.path.exists(ledger + name):
            os.remove(ledger + name)
    for name, data in backup.items():
        with open(ledger + name, "wb") as file:
            file.write(data)
    check(spent() < before, "the restored ledger has forgotten what that study cost")
    federation.serve_node("mill")
    digest = federation.propose(STUDY % ("Mill has gone back in time", 1, 3))
    federation.accept(digest)
    federation.wait_for("mill", "LEDGER_BEHIND_LOG")
    check(federation.processes["mill"].wait(timeout=30) == 1,
          "a node that finds its own contributions missing in its ledger ends")
    federation.watch(digest)
    check(rounds_answered(federation, "mill", digest) == [], "without having sent anything")
    caught_up = json.loads(federation.run(federation.node_program, *own, "--json", "catch-up"))
    check(caught_up["charged_contributions"] == 50 and spent() >= before,
          "catch-up charges what the log knows: %s" % caught_up)
    federation.serve_node("mill")
    digest = federation.ask(STUDY % ("Mill has caught up", 50, 4))
    check(federation.model(digest) == federation.model(calm), "and then it takes part again")


def main():
    rng = random.Random()
    seed = rng.randrange(1 << 32)
    print("moments of the kills: seed %d" % seed)
    rng = random.Random(seed)
    with Federation(sys.argv[1], "noiseless-node") as federation:
        federation.begin(NODES)
        for node in NODES:
            federation.configure(node, slots=256, yearly_epsilon_node=500, study_epsilon_node=50,
                                 study_epsilon_public=50, yearly_epsilon_public=500)
            rows = []
            for member in range(100):
                x = rng.uniform(-1, 1)
                rows.append(["M%d" % member, repr(x), repr(0.7 * x + rng.uniform(-0.2, 0.2))])
            federation.table(node, "points", ["who", "x", "y"], rows)
        federation.serve_nodes()
        calm = kills(federation, rng)
        worlds = full_disk(federation, calm)
        clocks(federation, worlds, calm)
        damaged_files(federation, calm)
        restored_ledger(federation, calm)


if __name__ == "__main__":
    main()
