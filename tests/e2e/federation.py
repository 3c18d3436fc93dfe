"""A federation of real processes on loopback, for tests and measurements.

One coordinator, one process per node, mutual TLS. Standard library only.
"""
import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time


# How many times longer than usual everything may take: more than 1 where a sanitizer slows the programs down.
PATIENCE = int(os.environ.get("MUTUAL_TEST_PATIENCE", "1"))


class Failed(Exception):
    """A check did not hold."""


def check(holds, text):
    if not holds:
        raise Failed(text)
    print("ok: " + text, flush=True)


def room():
    """Where a federation's files go: in memory if there is room, because dozens of programs on one disk wait for
    its syncs. A kill loses nothing there either; what a power cut would lose, tests/transparency tries."""
    memory = "/dev/shm"
    return memory if os.path.isdir(memory) and shutil.disk_usage(memory).free > 2 << 30 else None


class Federation:
    def __init__(self, programs, node_program="mutual-node", environment=None):
        self.programs = programs
        self.node_program = node_program
        self.environment = {**os.environ, **(environment or {})}
        self.folder = tempfile.mkdtemp(prefix="mutual-e2e.", dir=room())
        self.processes = {}
        self.nodes = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            for name in sorted(os.listdir(self.folder)):
                if name.endswith(".log"):
                    print("--- " + name, file=sys.stderr)
                    with open(self.path(name), errors="replace") as log:
                        sys.stderr.write(log.read()[-2000:])

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, program, *arguments, check=True):
        """Runs a program to its end; returns its output. With check=False: (exit code, all output)."""
        done = subprocess.run([os.path.join(self.programs, program), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=600, env=self.environment)
        if not check:
            return done.returncode, done.stdout + done.stderr
        if done.returncode != 0:
            raise Failed("%s %s: %s" % (program, " ".join(arguments), done.stdout + done.stderr))
        return done.stdout

    def spawn(self, name, program, *arguments, environment=None):
        log = open(self.path(name + ".log"), "a")
        self.processes[name] = subprocess.Popen(
            [os.path.join(self.programs, program), *arguments], stdout=log, stderr=log,
            env={**self.environment, **(environment or {})})
        return self.processes[name]

    def log(self, name):
        try:
            with open(self.path(name + ".log"), errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, name, text, seconds=60, after=0):
        """Waits until the log of `name` has `text` behind position `after`."""
        until = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < until:
            if text in self.log(name)[after:]:
                return
            if self.processes[name].poll() is not None and text not in self.log(name)[after:]:
                raise Failed("%s ended before it said %r: %s" % (name, text, self.log(name)[after:]))
            time.sleep(0.02)
        raise Failed("%s did not say %r: %s" % (name, text, self.log(name)[after:]))

    def kill(self, name):
        self.processes[name].kill()
        self.processes[name].wait()

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}

    def begin(self, names):
        """Starts the coordinator and enrols a researcher and one node per name."""
        for _ in range(20):
            address = "127.0.0.1:%d" % random.randint(20000, 60000)
            shutil.rmtree(self.path("fed"), ignore_errors=True)
            self.run("mutual-coordinator", "init", self.path("fed"), "--federation", "fed.example",
                     "--listen", address, "--address", address)
            try:
                self.serve_coordinator()
                break
            except Failed:
                continue
        self.run("mutual", "--dir", self.path("research"), "join",
                 self.invite("researcher"), "--organisation", "research")
        for name in names:
            self.run(self.node_program, "--dir", self.path(name), "join", self.invite("node"),
                     "--organisation", name)
        self.nodes = list(names)

    def address(self):
        """Where the coordinator listens."""
        with open(self.path("fed", "coordinator.toml")) as config:
            return [line.split('"')[1] for line in config if line.startswith("address = ")][0]

    def invite(self, role):
        return self.run("mutual-coordinator", "invite", "--dir", self.path("fed"), "--role",
                        role).strip()

    def serve_coordinator(self, environment=None):
        before = len(self.log("coordinator"))
        self.spawn("coordinator", "mutual-coordinator", "serve", "--dir", self.path("fed"),
                   environment=environment)
        self.wait_for("coordinator", "Serving", after=before)

    def table(self, node, name, header, rows):
        """Writes the node's table and names it in node.toml."""
        with open(self.path(node, name + ".csv"), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        with open(self.path(node, "node.toml"), "a") as config:
            config.write('\n[tables.%s]\nfile = "%s.csv"\n' % (name, name))

    def line_of_points(self, node):
        """57 members on a line in table points, and budgets that many studies in a row do not spend."""
        self.configure(node, slots=64, yearly_epsilon_node=500, study_epsilon_node=50,
                       study_epsilon_public=50, yearly_epsilon_public=500)
        self.table(node, "points", ["who", "x", "y"], [["M%d" % i, i / 60, i / 70] for i in range(57)])

    def configure(self, node, **values):
        """Sets top-level or [policy] numbers that node.toml has already."""
        path = self.path(node, "node.toml")
        with open(path) as file:
            lines = file.read().split("\n")
        for key, value in values.items():
            places = [i for i, line in enumerate(lines) if line.startswith(key + " = ")]
            if len(places) != 1:
                raise Failed("node.toml has %d lines %s" % (len(places), key))
            lines[places[0]] = "%s = %s" % (key, value)
        with open(path, "w") as file:
            file.write("\n".join(lines))

    def serve_node(self, node, environment=None):
        before = len(self.log(node))
        self.spawn(node, self.node_program, "--dir", self.path(node), "serve",
                   environment=environment)
        self.wait_for(node, "is serving", after=before)

    def serve_nodes(self):
        for node in self.nodes:
            self.serve_node(node)

    def propose(self, text):
        text = re.sub(r'(?m)^(deadline|join_window) = "(\d+)s"',
                      lambda found: '%s = "%ds"' % (found[1], int(found[2]) * PATIENCE), text)
        path = self.path("study-%d.toml" % len(os.listdir(self.folder)))
        with open(path, "w") as file:
            file.write(text)
        return json.loads(self.run("mutual", "--dir", self.path("research"), "--json", "propose",
                                   path))["digest"]

    def accept(self, digest, nodes=None):
        for node in nodes or self.nodes:
            self.run(self.node_program, "--dir", self.path(node), "accept", digest)

    def watch(self, digest, seconds=600):
        """Waits for the study's end through the researcher's program, whatever the coordinator suffers."""
        until = time.monotonic() + seconds * PATIENCE
        output = ""
        while time.monotonic() < until:
            code, output = self.run("mutual", "--dir", self.path("research"), "watch", digest,
                                    check=False)
            if code == 0:
                return
            if "STUDY_ABANDONED" in output:
                raise Failed(output)
            time.sleep(0.2)
        raise Failed("the study did not finish: " + output)

    def ask(self, text):
        digest = self.propose(text)
        self.accept(digest)
        self.watch(digest)
        return digest

    def results(self, digest):
        return json.loads(self.run("mutual", "--dir", self.path("research"), "--json", "results",
                                   digest))

    def estimates(self, digest):
        """{(table, keys, estimate): (value, standard error)} from the CSV."""
        text = self.run("mutual", "--dir", self.path("research"), "results", digest, "--format", "csv")
        found = {}
        for row in csv.DictReader(io.StringIO(text)):
            value = row["value"]
            found[(row["table"], row["group"], row["estimate"])] = (
                float(value) if value else None)
        return found

    def model(self, digest):
        """The trained parameters in flat order, from the safetensors file."""
        folder = self.path("model-" + digest[:8])
        self.run("mutual", "--dir", self.path("research"), "fetch", digest, "-o", folder)
        name = [f for f in os.listdir(folder) if f.endswith(".safetensors") and "last-round" not in f][0]
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        header.pop("__metadata__", None)
        body = memoryview(data)[8 + size:]
        values = []
        for tensor in sorted(header.values(), key=lambda t: t["data_offsets"][0]):
            first, last = tensor["data_offsets"]
            values += list(body[first:last].cast("f"))
        return values
