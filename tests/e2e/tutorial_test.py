#!/usr/bin/env python3
"""docs/TUTORIAL.md, run as it stands: every command of the page, in a fresh folder, against the output that it shows.

In the page, a block ```console holds commands ("$ …", continued by lines that begin with "> ") and what they print.
```console NAME runs in a terminal of that name, which stays open; a command ^C ends it. In the output, a line … stands for
any lines. A comment before a block says what differs from run to run and is not compared:

    <!-- varies: digests times numbers witnesses order -->   kinds as in VARIES
    <!-- soon -->   the output comes within a second; asked again until it does

`tutorial_test.py PROGRAMS --update` writes what the programs print now into the page; read the difference before you keep it.
"""
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from federation import Failed, check

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PAGE = os.path.join(ROOT, "docs", "TUTORIAL.md")
PORT = "7443"  # of the page; the test takes a free one
PATIENCE = 120  # seconds for one command
END = "end of command:"
VARIES = {
    "digests": [(r"mutual1-[\w-]+", "<code>"), (r"root [\w+/]{8}…", "root <digest>"),
                (r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}\b(…|\.\.\.)?", "<digest>")],
    "times": [(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"), (r"\b20\d\d\b", "<year>")],
    "numbers": [(r"(?<![\w-])-?\d[\d,]*(\.\d+)?(e-?\d+)?", "<number>"), (r"#+", "#")],
    "witnesses": [(r"branch-\d\d(, branch-\d\d)*( \(absent: [^)]*\))?", "<witnesses>")],
    "order": [],
}


class Block:
    """One block of the page: where its lines are, which commands, which outputs."""

    def __init__(self, first, terminal, marks):
        self.first, self.terminal, self.marks = first, terminal, marks
        self.commands = []  # [command, [output line]]
        self.last = first

    def add(self, line):
        if line.startswith("$ "):
            self.commands.append([line[2:], []])
        elif line.startswith("> ") and not self.commands[-1][1]:
            self.commands[-1][0] += "\n" + line[2:]
        else:
            self.commands[-1][1].append(line)

    def varies(self):
        kinds = [kind for mark in self.marks if mark.startswith("varies:") for kind in mark.split()[1:]]
        for kind in kinds:
            if kind not in VARIES:
                raise Failed("line %d: \"%s\" is no kind of variation, want one of %s" % (self.first, kind, list(VARIES)))
        return kinds


def blocks_of(text):
    blocks, inside, marks = [], None, []
    for number, line in enumerate(text.split("\n"), 1):
        if inside is None and line.startswith("```console"):
            inside = Block(number, line[len("```console"):].strip(), marks)
        elif inside is not None and line == "```":
            inside.last = number
            blocks.append(inside)
            inside, marks = None, []
        elif inside is not None:
            inside.add(line)
        elif re.fullmatch(r"<!-- .* -->", line):
            marks.append(line[5:-4])
    return blocks


class Terminal:
    """A shell that takes one command after the other."""

    def __init__(self, folder, environment):
        self.process = subprocess.Popen(["bash"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.text = b""

    def read(self, until, patience=PATIENCE):
        """All output up to a moment when until(text) holds; what was read stays in self.text."""
        limit = time.monotonic() + patience
        while not until(self.text.decode(errors="replace")):
            if time.monotonic() > limit:
                raise Failed("nothing more came within %d s: %s" % (patience, self.text.decode(errors="replace")))
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                chunk = os.read(self.process.stdout.fileno(), 65536)
                if not chunk:
                    break
                self.text += chunk
        return self.text.decode(errors="replace")

    def send(self, command):
        self.text = b""
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()

    def run(self, command):
        self.send(command + "\nprintf '%s %%d\\n' $?" % END)
        text = self.read(lambda text: re.search(END + r" \d+\n", text))
        self.code = int(re.search(END + r" (\d+)\n", text).group(1))
        return text[:text.rindex(END)].rstrip("\n").split("\n")

    def interrupt(self):
        self.text = b""
        self.process.stdin.close()
        os.killpg(self.process.pid, signal.SIGINT)
        lines = self.read(lambda text: False).rstrip("\n").split("\n")
        self.process.wait(timeout=PATIENCE)
        return lines

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def normal(lines, kinds):
    result = []
    for line in lines:
        for kind in kinds:
            for pattern, name in VARIES[kind]:
                line = re.sub(pattern, name, line)
        result.append(re.sub(r"\s+", " ", line).strip() if "numbers" in kinds or "digests" in kinds else line.rstrip())
    return sorted(result) if "order" in kinds else result


def matches(shown, printed):
    """Whether the printed lines are the shown ones, where a shown … is any lines."""
    if not shown:
        return not printed or printed == [""]
    if shown[0] == "…":
        return any(matches(shown[1:], printed[i:]) for i in range(len(printed) + 1)) if shown[1:] else True
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


class Tutorial:
    def __init__(self, programs, folder):
        self.port = str(random.randint(20000, 60000))
        self.folder = folder
        self.environment = {**os.environ, "PATH": programs + ":" + os.environ["PATH"], "LC_ALL": "C.UTF-8",
                            "EXAMPLES": os.path.join(ROOT, "examples")}
        self.terminals = {}

    def terminal(self, name):
        if name not in self.terminals:
            self.terminals[name] = Terminal(self.folder, self.environment)
        return self.terminals[name]

    def close(self):
        for terminal in self.terminals.values():
            terminal.close()

    def perform(self, block, command, shown):
        """Runs one command of a block; returns what it printed."""
        terminal = self.terminal(block.terminal)
        if command == "^C":
            return terminal.interrupt()
        command = command.replace(PORT, self.port)
        if block.terminal:  # stays open: its output has come when the last shown line has
            terminal.send(command)
            wanted = normal(shown, block.varies())
            printed = terminal.read(lambda text: text.count("\n") >= len(wanted))
            return printed.rstrip("\n").replace(self.port, PORT).split("\n")
        printed = [line.replace(self.port, PORT) for line in terminal.run(command)]
        return printed

    def judge(self, block, command, shown):
        """The printed lines, and whether they are the shown ones."""
        until = time.monotonic() + (10 if "soon" in block.marks else 0)
        while True:
            printed = self.perform(block, command, shown)
            kinds = block.varies()
            good = matches(normal(shown, kinds), normal(printed, kinds))
            if good or time.monotonic() >= until:
                return printed, good


def comparison_can_fail():
    """What must be told apart is, what may differ may."""
    everything = list(VARIES)
    for shown, printed, kinds, equal in (
            (["12 rows"], ["13 rows"], [], False), (["12 rows"], ["13 rows"], ["numbers"], True),
            (["12 rows"], ["12 lines"], everything, False), (["12 rows", "done"], ["12 rows"], everything, False),
            (["12 rows"], ["12 rows", "a warning"], everything, False), (["…", "done"], ["12 rows", "done"], [], True),
            (["…", "done"], ["12 rows", "failed"], [], False), (["b", "a"], ["a", "b"], [], False),
            (["b", "a"], ["a", "b"], ["order"], True), (["0a1b2c3d is new"], ["ffff0000 is new"], ["digests"], True),
            (["0a1b2c3d is new"], ["ffff0000 is old"], ["digests"], False)):
        if matches(normal(shown, kinds), normal(printed, kinds)) != equal:
            raise Failed("the comparison takes %s and %s for %s" % (shown, printed, "different" if equal else "equal"))


def rewrite(block, lines, outputs):
    """The page's lines of a block with other outputs; a block with … is left to its author."""
    if any("…" in shown for _, shown in block.commands):
        return lines[block.first:block.last - 1]
    fresh = []
    for (command, _), printed in zip(block.commands, outputs):
        fresh += ["$ " + command.replace("\n", "\n> ")] + [line for line in printed if printed != [""]]
    return fresh


def main():
    comparison_can_fail()
    update = "--update" in sys.argv
    with open(PAGE) as file:
        text = file.read()
    lines, blocks = text.split("\n"), blocks_of(text)
    folder = tempfile.mkdtemp(prefix="mutual-tutorial.")
    tutorial = Tutorial(os.path.abspath(sys.argv[1]), folder)
    replaced, wrong = {}, 0
    try:
        for block in blocks:
            outputs = []
            for command, shown in block.commands:
                printed, good = tutorial.judge(block, command, shown)
                outputs.append(printed)
                if good or update:
                    print("ok: line %d: %s" % (block.first, command.split("\n")[0]), flush=True)
                    continue
                wrong += 1
                print("DRIFTED: line %d: %s\n  the page shows:\n    %s\n  the program prints:\n    %s" % (
                    block.first, command, "\n    ".join(shown), "\n    ".join(printed)), flush=True)
            replaced[block.first] = rewrite(block, lines, outputs)
    finally:
        tutorial.close()
    if update:
        for block in reversed(blocks):
            lines[block.first:block.last - 1] = replaced[block.first]
        with open(PAGE, "w") as file:
            file.write("\n".join(lines))
        return
    check(len(blocks) > 10, "the page has %d blocks of commands" % len(blocks))
    check(wrong == 0, "docs/TUTORIAL.md shows what the programs print (else: tutorial_test.py PROGRAMS --update)")
    shutil.rmtree(folder)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit("FAILED: %s" % failed)
