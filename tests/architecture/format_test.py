#!/usr/bin/env python3
"""Format strings under clang, which alone makes absl check them: gcc would print an empty line at run time.

Usage: format_test.py BUILD-FOLDER   Only syntax, only files that format text. Skipped without clang++.
"""
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

COMMON = """#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/encoding.h"
#include "base/status.h"
"""
# base/status.h and absl: functions whose first argument is a format.
FORMATS = re.compile(r"\b(StrFormat|StrAppendFormat|InvalidArgument|FailedPrecondition|NotFound|DataLoss|"
                     r"Unavailable|Internal|AlreadyExists|PermissionDenied|Unauthenticated|OutOfRange|"
                     r"ResourceExhausted)\(\s*\"[^\"]*%")
WRONG = '#include "base/status.h"\nstd::string F() { return absl::StrFormat("%d of %s", "text"); }\n'


def sources(build):
    """(file, -I and -D and -isystem arguments) of our sources that format text."""
    with open(os.path.join(build, "compile_commands.json")) as file:
        commands = json.load(file)
    found = []
    for entry in commands:
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if "/tests/" in path or path.startswith(os.path.abspath(build)) or not path.endswith(".cc"):
            continue
        with open(path, errors="replace") as file:
            text = file.read()
        # LibTorch's headers are not C++20 for clang 14, and client/learning's files include them.
        if not FORMATS.search(text) or "torch/" in text or "/client/learning/" in path:
            continue
        words = shlex.split(entry["command"])
        keep, wants_value = [], False
        for word in words:
            if wants_value or word.startswith(("-I", "-D", "-isystem")):
                keep.append(word)
            wants_value = word in ("-I", "-D", "-isystem")
        found.append((path, entry["directory"], keep))
    return found


def main():
    build, root = sys.argv[1], os.path.normpath(os.path.join(os.path.dirname(__file__), "..", ".."))
    clang = shutil.which("clang++") or shutil.which("clang++-14")
    if clang is None:
        print("skipped: clang++ is not installed, and gcc does not check absl's formats")
        return 77
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "common.h"), "w") as file:
            file.write(COMMON)
        flags = [clang, "-std=c++20", "-w", "-O0", "-fPIE"]
        header = os.path.join(work, "common.pch")
        subprocess.run(flags + ["-I" + root, "-x", "c++-header", os.path.join(work, "common.h"), "-o",
                                header], check=True)
        check = flags + ["-include-pch", header, "-fsyntax-only"]
        wrong = os.path.join(work, "wrong.cc")
        with open(wrong, "w") as file:
            file.write(WRONG)
        if subprocess.run(check + ["-I" + root, wrong], stderr=subprocess.DEVNULL).returncode == 0:
            print("FAILED: this clang takes a wrong format for a right one")
            return 1
        failed = []

        def look(source):
            path, directory, arguments = source
            done = subprocess.run(check + arguments + [path], cwd=directory, stderr=subprocess.PIPE,
                                  text=True)
            if done.returncode != 0:
                failed.append(done.stderr)

        files = sources(build)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(look, files))
        for text in failed:
            print(text)
        print("%s: %d files that format text" % ("FAILED" if failed else "ok", len(files)))
        return 1 if failed or len(files) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
