#!/usr/bin/env python3
"""Keys under a passphrase, with real processes that have no terminal to ask on."""
import os
import subprocess
import sys

from federation import Failed, Federation, check


def words(federation, **named):
    """Files with one passphrase each; returns their environment."""
    environment = {}
    for variable, text in named.items():
        path = federation.path("word-%d" % len(os.listdir(federation.folder)))
        with open(path, "w") as file:
            file.write(text + "\n")
        os.chmod(path, 0o600)
        environment[variable] = path
    return environment


def run(federation, environment, *command):
    """As a daemon runs it: without a terminal to ask on."""
    done = subprocess.run([os.path.join(federation.programs, command[0]), *command[1:]], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                          env={**federation.environment, **environment})
    return done.returncode, done.stdout


def refused(federation, environment, wanted, *command):
    code, output = run(federation, environment, *command)
    check(code == 1 and wanted in output, "%s %s says %s" % (command[0], command[-1], wanted))


def succeeds(federation, environment, *command):
    code, output = run(federation, environment, *command)
    if code != 0:
        raise Failed(output)


def main():
    with Federation(sys.argv[1]) as federation:
        federation.begin(["north", "east"])
        right = words(federation, MUTUAL_PASSPHRASE_FILE="correct horse")
        wrong = words(federation, MUTUAL_PASSPHRASE_FILE="battery staple")
        for program, folder, command in (("mutual-node", "north", "studies"), ("mutual", "research", "studies"),
                                         ("mutual-coordinator", "fed", "status")):
            at = (program, "--dir", federation.path(folder))
            succeeds(federation, right, *at, "passphrase")
            refused(federation, {}, "PASSPHRASE_NEEDED", *at, command)
            refused(federation, wrong, "PASSPHRASE_WRONG", *at, command)
            succeeds(federation, right, *at, command)
        for name in os.listdir(federation.path("north", "keys")):
            path = federation.path("north", "keys", name)
            if name.endswith(".key"):
                check(os.stat(path).st_mode & 0o777 == 0o600 and
                      b"sealed" in open(path, "rb").read(), "%s is sealed" % name)

        refused(federation, {}, "PASSPHRASE_NEEDED", "mutual-coordinator", "--dir", federation.path("fed"), "invite")
        federation.environment.update(right)
        federation.run("mutual-node", "--dir", federation.path("south"), "join", federation.invite("node"),
                       "--organisation", "south", "--passphrase")
        check(os.path.exists(federation.path("south", "keys", "passphrase")), "join --passphrase seals from the start")
        federation.stop()
        federation.serve_coordinator()
        federation.serve_node("north")
        federation.serve_node("south")
        check(True, "coordinator and nodes serve with the passphrase")

        changed = words(federation, MUTUAL_NEW_PASSPHRASE_FILE="a new one")
        succeeds(federation, changed, "mutual-node", "--dir", federation.path("north"), "passphrase")
        refused(federation, {}, "PASSPHRASE_WRONG", "mutual-node", "--dir", federation.path("north"), "studies")
        succeeds(federation, {"MUTUAL_PASSPHRASE_FILE": changed["MUTUAL_NEW_PASSPHRASE_FILE"]}, "mutual-node",
                 "--dir", federation.path("north"), "passphrase", "--remove")
        federation.environment.pop("MUTUAL_PASSPHRASE_FILE")
        federation.run("mutual-node", "--dir", federation.path("north"), "studies")
        check(True, "and without one after it was removed")


if __name__ == "__main__":
    main()
