#!/usr/bin/env python3
"""Every subcommand of every program: help with an example, exit codes, JSON when asked for."""
import json
import os
import re
import subprocess
import sys

from federation import Failed, Federation, check
from study_text import real, study_text

PROGRAMS = ["mutual", "mutual-node", "mutual-coordinator", "mutual-audit"]
STUDY = study_text(real("hours", 0, 12), 'kind = "mean"\ncolumns = ["hours"]', ["east", "north", "south"],
                   title="How long is a shift", table="shifts")


def run(federation, *command):
    done = subprocess.run([os.path.join(federation.programs, command[0]), *command[1:]], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def subcommands(federation, program):
    text = run(federation, program, "--help")[1]
    block = text[text.index("Subcommands:"):].split("\n\n")[0]
    return re.findall(r"^  ([a-z][a-z-]*) ", block, re.M)


def helps(federation):
    for program in PROGRAMS:
        code, text, _ = run(federation, program, "--help")
        check(code == 0 and "Example" in text and "Exit codes" in text, program + " --help has examples and exit codes")
        code, _, error = run(federation, program, "no-such-command")
        check(code == 2 and error != "", program + " ends with 2 when it is used wrongly")
        found = subcommands(federation, program)
        if len(found) < 5:
            raise Failed("%s has only the subcommands %s" % (program, found))
        for command in found:
            code, text, _ = run(federation, program, command, "--help")
            if code != 0 or "Example" not in text or program not in text:
                raise Failed("%s %s --help shows no example: %s" % (program, command, text))
        check(True, "%s: each of %d subcommands shows an example" % (program, len(found)))


def as_json(federation, *command, fails=False):
    code, output, error = run(federation, command[0], "--json", *command[1:])
    text = error if fails else output
    try:
        if code != (1 if fails else 0):
            raise ValueError("exit code %d" % code)
        return json.loads(text)
    except ValueError as problem:
        raise Failed("%s: %s: %s%s" % (" ".join(command), problem, output, error))


def json_everywhere(federation):
    fed, north, research = (federation.path(name) for name in ("fed", "north", "research"))
    node = ["mutual-node", "--dir", north]
    other = federation.path("other")
    check(as_json(federation, "mutual-coordinator", "init", other)["folder"] == other, "init --json")
    check(as_json(federation, "mutual-coordinator", "--dir", fed, "invite")["role"] == "node", "invite --json")
    with open(federation.path("study.toml"), "w") as file:
        file.write(STUDY)
    check(as_json(federation, "mutual", "lint", federation.path("study.toml"))["problems"] == [], "lint --json")
    early = as_json(federation, "mutual", "--dir", research, "lint", "--federation",
                    federation.path("study.toml"), fails=True)
    check(early["error"]["code"] == "NOT_FOUNDED", "lint --federation before the first study")
    report = as_json(federation, *node, "check-data", federation.path("study.toml"))
    check(report["rows_accepted"] == 21 and report["rows_rejected"] == 1 and report["rows_without"] == {"hours": 1},
          "check-data --json")
    plain = federation.run(*node, "check-data", federation.path("study.toml"))
    check("accepted rows without hours: 1;" in plain, "check-data says how many rows lack a value")
    digest = as_json(federation, "mutual", "--dir", research, "propose", federation.path("study.toml"))["digest"]
    check(as_json(federation, "mutual", "--dir", research, "lint", "--federation",
                  federation.path("study.toml"))["digest"] == digest, "lint --federation --json")
    with open(federation.path("stranger.toml"), "w") as file:
        file.write(STUDY.replace('["east", "north", "south"]', '["east", "north", "stranger"]'))
    code, output, _ = run(federation, "mutual", "--dir", research, "lint", "--federation",
                          federation.path("stranger.toml"))
    check(code == 1 and "SCRUTINEER_UNKNOWN" in output, "lint --federation finds a scrutineer that is no witness")
    check(as_json(federation, *node, "accept", digest)["epsilon_node"] > 0, "accept --json")
    refused = as_json(federation, "mutual-node", "--dir", federation.path("mill"), "refuse", digest)
    check(refused["answer"] == "refused", "refuse --json")
    federation.accept(digest, ["east", "south"])
    federation.watch(digest)
    check(as_json(federation, "mutual", "--dir", research, "watch", digest)["state"] == "finished", "watch --json")
    check(as_json(federation, "mutual", "--dir", research, "results", digest)["privacy"] != {}, "results --json")
    check(len(as_json(federation, "mutual", "--dir", research, "studies")) == 1, "mutual studies --json")
    check(as_json(federation, *node, "studies")[0]["answer"] == "accepted", "mutual-node studies --json")
    check(as_json(federation, *node, "sent")[0]["round"] == 1, "sent --json")
    check("receipts" in as_json(federation, *node, "sent", "--receipts", federation.path("kept")),
          "sent --receipts --json")
    check(as_json(federation, *node, "budget")["epsilon_node_spent"] > 0, "budget --json")
    check(as_json(federation, *node, "catch-up")["charged_contributions"] == 0, "catch-up --json")
    check(len(as_json(federation, *node, "key")["key"]) == 64, "key --json")
    check(as_json(federation, *node, "endorse") == [], "endorse --json")
    check(as_json(federation, "mutual-coordinator", "--dir", fed, "revoke", "mill")["revoked"] == "mill",
          "revoke --json")
    check(len(as_json(federation, "mutual-coordinator", "--dir", fed, "status")["organisations"]) == 5,
          "status --json")
    question = ["--noise", "2", "--rate", "1", "--rounds", "1", "--delta", "1e-6"]
    check(as_json(federation, "mutual", "epsilon", *question)["epsilon_node"] > 0, "epsilon --json")


def errors(federation):
    north = ["mutual-node", "--dir", federation.path("north")]
    for code, command in (
            ("ALREADY_JOINED", [*north, "join", federation.invite("node"), "--organisation", "north"]),
            ("NOT_JOINED", ["mutual-node", "--dir", federation.path("nowhere"), "studies"]),
            ("INVITATION_MALFORMED", ["mutual-node", "--dir", federation.path("nowhere"), "join", "mutual1-x",
                                      "--organisation", "new"]),
            ("INVITATION_UNKNOWN", ["mutual-node", "--dir", federation.path("nowhere"), "join",
                                    federation.invite("researcher"), "--organisation", "new"]),
            ("NAME_TAKEN", ["mutual", "--dir", federation.path("nobody"), "join", federation.invite("researcher"),
                            "--organisation", "east"]),
            ("NO_MODEL", ["mutual", "--dir", federation.path("research"), "fetch",
                          as_json(federation, "mutual", "--dir", federation.path("research"), "studies")[0]["digest"]]),
            ("ALREADY_INITIALISED", ["mutual-coordinator", "init", federation.path("fed")]),
            ("NOT_INITIALISED", ["mutual-coordinator", "--dir", federation.path("nowhere"), "status"]),
            ("STUDY_INVALID", ["mutual", "lint", federation.path("north", "shifts.csv")])):
        error = as_json(federation, *command, fails=True)["error"]
        check(error["code"] == code and len(error["message"]) > 20, "%s is told as JSON" % code)
    address = federation.invite("node")
    other = Federation(federation.programs)
    other.begin([])
    code, output = federation.run("mutual-node", "--dir", federation.path("lost"), "join", address, "--organisation",
                                  "lost", "--address", other.address(), check=False)
    other.stop()
    check(code == 1 and "WRONG_FEDERATION" in output, "an invitation does not work at another federation's address")


def main():
    with Federation(sys.argv[1]) as federation:
        helps(federation)
        federation.begin(["north", "east", "south", "mill"])
        for node in federation.nodes:
            rows = [["M%d" % member, member % 12] for member in range(20)]
            federation.table(node, "shifts", ["who", "hours"], rows + [["M20", "many"], ["M21", ""]])
        federation.serve_nodes()
        json_everywhere(federation)
        errors(federation)


if __name__ == "__main__":
    main()
