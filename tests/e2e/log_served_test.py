#!/usr/bin/env python3
"""The log over HTTP, an outside witness, and two coordinators that run from one copied folder."""
import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from federation import Failed, Federation, check
from log_test import NODES, STUDY, audit, public


def ports_of(federation, name, text):
    """The port that a process said after `text`."""
    federation.wait_for(name, text)
    return int(federation.log(name).rsplit(text, 1)[1].split()[0])


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, b""


def add_to_config(federation, text, folder="fed"):
    with open(federation.path(folder, "coordinator.toml"), "a") as config:
        config.write(text)


def restart_coordinator(federation, *arguments):
    federation.processes["coordinator"].terminate()
    federation.processes["coordinator"].wait()
    before = len(federation.log("coordinator"))
    federation.spawn("coordinator", "mutual-coordinator", "serve", "--dir", federation.path("fed"),
                     *arguments)
    federation.wait_for("coordinator", "Serving", after=before)


def set_address(path, key, address):
    with open(path) as file:
        lines = file.read().split("\n")
    lines = ['%s = "%s"' % (key, address) if line.startswith(key + " = ") else line for line in lines]
    with open(path, "w") as file:
        file.write("\n".join(lines))


def give_tables(federation, nodes):
    for node in nodes:
        federation.configure(node, slots=16)
        federation.table(node, "points", ["who", "x"], [["M%d" % i, i / 10] for i in range(9)])


def outside_witness(federation, other):
    """A node of another federation cosigns this one's log over HTTP; returns its URL."""
    other.begin(["lake"])
    add_to_config(federation, '\n[log]\nlisten = "127.0.0.1:0"\n')
    restart_coordinator(federation)
    url = "http://127.0.0.1:%d" % ports_of(federation, "coordinator", "The log is read at port ")
    policy = federation.path("stranger.policy")
    federation.run("mutual-audit", "trust", "init", policy, "--from-log", url)
    with open(policy) as file:
        vkey = [line.split()[1] for line in file if line.startswith("log ")][0]
    with open(other.path("lake", "node.toml"), "a") as config:
        config.write('\n[witness]\nlogs = ["%s"]\n' % vkey)
    other.spawn("lake-witness", "mutual-node", "--dir", other.path("lake"), "witness", "--listen",
                "127.0.0.1:0")
    port = ports_of(other, "lake-witness", "listens at port ")
    own = [line for line in other.log("lake-witness").splitlines() if line.startswith("witness/")][0]
    add_to_config(federation, 'witnesses = ["lake.example %s http://127.0.0.1:%d"]\n' % (own, port))
    restart_coordinator(federation)
    return "http://127.0.0.1:%d" % port


def witnessed(federation, other):
    witness = outside_witness(federation, other)
    federation.serve_nodes()
    federation.ask(STUDY % ("Watched from outside", "10m"))
    code, output = audit(federation, "verify", public(federation))
    check(code == 0 and "lake.example" in output, "an outside witness cosigns and the log verifies")
    code, headers, body = get("%s/%s/checkpoint" % (witness,
                                                    hashlib.sha256(b"fed.example/audit").hexdigest()))
    check(code == 200 and body.startswith(b"fed.example/audit\n"),
          "which serves the checkpoint that it cosigned")
    other.kill("lake-witness")
    path = federation.path("waiting.toml")
    with open(path, "w") as file:
        file.write(STUDY % ("It waits for the outside witness", "10m"))
    code, output = federation.run("mutual", "--dir", federation.path("research"), "propose", path,
                                  check=False)
    check(code == 1 and "NO_QUORUM" in output, "without it nothing is published")
    other.spawn("lake-witness", "mutual-node", "--dir", other.path("lake"), "witness", "--listen",
                witness[len("http://"):])
    federation.run("mutual", "--dir", federation.path("research"), "propose", path)
    check(True, "and with it the log goes on")


def served(federation):
    port = ports_of(federation, "coordinator", "The log is read at port ")
    url = "http://127.0.0.1:%d" % port
    code, output = audit(federation, "verify", url)
    check(code == 0, "a stranger verifies the log over HTTP")
    copy = federation.path("copy")
    code, output = audit(federation, "mirror", url, copy)
    check(code == 0, "and mirrors it")
    code, output = audit(federation, "compare", url, copy)
    check(code == 0, "the copy agrees with the original")
    code, output = audit(federation, "verify", copy)
    check(code == 0, "and verifies on its own")
    code, headers, body = get(url + "/checkpoint")
    check(headers["Content-Type"] == "text/plain; charset=utf-8" and
          headers["Cache-Control"] == "public, max-age=2", "a checkpoint is text, and soon old")
    code, headers, body = get(url + "/../state/mark")
    check(code == 404, "nothing else of the coordinator is served")

    elsewhere = federation.path("web")
    federation.processes["coordinator"].terminate()
    federation.processes["coordinator"].wait()
    shutil.move(public(federation), elsewhere)
    restart_coordinator(federation, "--log-dir", elsewhere)
    federation.ask(STUDY % ("Another folder", "10m"))
    code, output = audit(federation, "verify", elsewhere)
    check(code == 0 and not os.path.exists(public(federation)),
          "with --log-dir the public files are elsewhere, for any web server")


def twin_of(federation, name):
    """Copies the coordinator's folder and runs the copy at an address of its own."""
    federation.processes["coordinator"].terminate()
    federation.processes["coordinator"].wait()
    shutil.copytree(federation.path("fed"), federation.path(name))
    federation.serve_coordinator()
    with open(federation.path("fed", "coordinator.toml")) as file:
        address = [line.split('"')[1] for line in file if line.startswith("address = ")][0]
    for step in range(1, 20):
        twin = "127.0.0.1:%d" % (int(address.split(":")[1]) + step)
        for key in ("listen", "address"):
            set_address(federation.path(name, "coordinator.toml"), key, twin)
        federation.spawn(name, "mutual-coordinator", "serve", "--dir", federation.path(name))
        try:
            federation.wait_for(name, "Serving")
            return twin
        except Exception:  # the port is taken
            continue
    raise RuntimeError("no port for the twin")


def move_node(federation, node, address):
    if node in federation.processes:
        federation.processes[node].terminate()
        federation.processes[node].wait()
    set_address(federation.path(node, "federation.toml"), "address", address)
    return federation.spawn(node, "mutual-node", "--dir", federation.path(node), "serve")


def code_of_stopped(federation, node):
    """The node's exit code. The second coordinator, told of the first's log, may stop before it has shown its own:
    whoever runs two logs would start it again, until the node sees both."""
    until = time.monotonic() + 60
    while node.poll() is None and time.monotonic() < until:
        twin = federation.processes["twin"]
        if twin.poll() is not None:
            check("the storage was set back" in federation.log("twin"),
                  "the second coordinator stops: a node has seen the first one's log")
            federation.spawn("twin", "mutual-coordinator", "serve", "--dir", federation.path("twin"))
        time.sleep(0.1)
    return node.poll()


def two_before_the_founding(programs, larger):
    """Nobody has cosigned anything yet. `larger`: the second log has more entries than the one that the node has seen, so
    that their newest checkpoints alone contradict each other in nothing."""
    with Federation(programs) as federation:
        federation.begin(["north", "east"])
        codes = [federation.invite("node") for _ in range(3)]
        with open(federation.path("fed", "coordinator.toml")) as file:
            address = [line.split('"')[1] for line in file if line.startswith("address = ")][0]
        twin = twin_of(federation, "twin")
        federation.run("mutual-node", "--dir", federation.path("south"), "join", codes[0],
                       "--organisation", "south")
        federation.run("mutual-node", "--dir", federation.path("mill"), "join", codes[1],
                       "--organisation", "mill", "--address", twin)
        if larger:
            federation.run("mutual-node", "--dir", federation.path("farm"), "join", codes[2],
                           "--organisation", "farm", "--address", twin)
        policy = federation.path("policy")
        federation.run("mutual-audit", "trust", "init", policy, "--from-log", public(federation))
        code, output = federation.run(
            "mutual-audit", "--policy", policy, "compare", public(federation),
            public(federation, "twin"), "--evidence", federation.path("evidence"), check=False)
        check(code == 1 and "FORK" in output and len(os.listdir(federation.path("evidence"))) >= 2,
              "compare finds the first entry that two coordinators' logs differ in, and keeps both sides")
        federation.serve_node("north")
        federation.wait_for("north", "is serving")
        federation.processes["north"].terminate()
        federation.processes["north"].wait()
        node = move_node(federation, "north", twin)
        check(code_of_stopped(federation, node) == 1 and "LOG_FORKED" in federation.log("north"),
              "a node that has seen one log stops when it is shown the other" + (", a larger one" if larger else ""))
        check(len(os.listdir(federation.path("north", "evidence"))) == 2, "with both checkpoints kept")
        node = move_node(federation, "north", address)
        check(node.wait(timeout=60) == 1, "and stays stopped, also with the first one")


def stopped_by_witness(federation, node):
    """True when the node has stopped; False when the second coordinator has, told of a larger log."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if node.poll() is not None:
            return True
        if "the storage was set back" in federation.log("twin"):
            check(True, "the second coordinator stops: a witness has cosigned a longer log")
            return False
        time.sleep(0.1)
    raise Failed("neither the node nor the second coordinator stopped")


def two_after_the_founding(programs):
    with Federation(programs) as federation:
        federation.begin(NODES)
        give_tables(federation, NODES)
        federation.serve_nodes()
        federation.ask(STUDY % ("Before the copy", "10m"))
        twin = twin_of(federation, "twin")
        shutil.copytree(federation.path("research"), federation.path("research-twin"))
        set_address(federation.path("research-twin", "federation.toml"), "address", twin)
        digest = federation.propose(STUDY % ("At the first", "10m"))
        # North has cosigned the first one's longer log when its key stands there.
        federation.wait_for("north", "study %s: this organisation is a scrutineer" % digest[:12])
        node = move_node(federation, "north", twin)
        path = federation.path("twin.toml")
        with open(path, "w") as file:
            file.write(STUDY % ("At the second", "10m"))
        code, output = federation.run("mutual", "--dir", federation.path("research-twin"), "propose",
                                      path, check=False)
        check(code == 1, "the second coordinator publishes nothing: its witnesses know the first")
        if not stopped_by_witness(federation, node):
            return  # its log was no longer than the first's: the witness's larger size ended it
        check("LOG_FORKED" in federation.log("north"),
              "a witness that is asked to cosign the other log stops")
        kept = [federation.path("north", "evidence", name)
                for name in sorted(os.listdir(federation.path("north", "evidence")))]
        code, output = audit(federation, "consistency", *kept)
        check(len(kept) == 2 and code == 1, "and what it kept proves the fork to anybody")


def main():
    with Federation(sys.argv[1]) as federation, Federation(sys.argv[1]) as other:
        federation.begin(NODES)
        give_tables(federation, NODES)
        witnessed(federation, other)
        served(federation)
    for larger in (False, True):
        two_before_the_founding(sys.argv[1], larger)
    two_after_the_founding(sys.argv[1])


if __name__ == "__main__":
    main()
