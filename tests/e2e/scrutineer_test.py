#!/usr/bin/env python3
"""An organisation that only keeps mask keys: `mutual-node scrutineer`, without LibTorch and without member data.

It does not accept the study, has no table, and its program stands alone in a folder, so that nothing of LibTorch could be
loaded. A training study of the four others needs its tally as it needs those of the other scrutineers.
"""
import glob
import os
import shutil
import subprocess
import sys

from federation import Federation, check
from log_test import audit, entries, public
from study_text import line_training, real, study_text

SCRUTINEERS = ["north", "east", "south", "mill"]
DATA_NODES = ["north", "east", "south", "farm"]
ROUNDS = 3


def begin(federation):
    federation.begin(DATA_NODES + ["mill"])
    for node in DATA_NODES:
        federation.line_of_points(node)
        federation.serve_node(node)
    alone = federation.path("alone")
    os.mkdir(alone)
    program = shutil.copy(os.path.join(federation.programs, "mutual-node"), alone)
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    check("torch" not in linked and "libc10" not in linked, "mutual-node is not linked with LibTorch")
    federation.spawn("mill", program, "--dir", federation.path("mill"), "scrutineer")
    federation.wait_for("mill", "as a scrutineer only")


def of_study(federation, kind, digest):
    return [e for e in entries(federation, kind) if e["study"] == "sha256:" + digest]


def main():
    with Federation(sys.argv[1]) as federation:
        begin(federation)
        text = study_text(real("x", -1, 1) + real("y", -1, 1), line_training(ROUNDS), SCRUTINEERS,
                          noise=40, clip="clip = 1", min_nodes=4, window="5s")
        digest = federation.propose(text.replace('title = "%s"', 'title = "A line"'))
        federation.accept(digest, DATA_NODES)
        federation.watch(digest)
        check(len(of_study(federation, "release", digest)) == ROUNDS, "every round is released")
        tallies = [e["node"] for e in of_study(federation, "tally", digest)]
        check(tallies.count("mill") == ROUNDS, "the scrutineer alone tallied every round")
        counted = {e["node"] for e in of_study(federation, "contribution", digest)}
        check(counted == set(DATA_NODES), "it contributed nothing: %s" % sorted(counted))
        check(not glob.glob(federation.path("mill", "*.csv")), "it has no member data")
        with open("/proc/%d/maps" % federation.processes["mill"].pid) as maps:
            loaded = maps.read()
        check("torch" not in loaded and "mutual-learning" not in loaded, "it never loaded LibTorch")
        with open("/proc/%d/maps" % federation.processes["farm"].pid) as maps:
            check("libtorch" in maps.read(), "a node that trains did, so that the look can fail")
        code, output = audit(federation, "verify", public(federation))
        check(code == 0, "mutual-audit finds nothing wrong" + ("" if code == 0 else ": " + output))


if __name__ == "__main__":
    main()
