#!/usr/bin/env python3
"""Runs one test of a build with sanitizers, and fails it also for what a sanitizer reports of a program that the test
started and did not wait for: such reports go to files, which are read at the end.

    reports.py COMMAND...
"""
import os
import subprocess
import sys
import tempfile

OPTIONS = ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")


def with_reports_in(folder):
    """The environment in which sanitizers write to files there, one a process, named after its program."""
    environment = dict(os.environ)
    for name in OPTIONS:
        given = [environment[name]] if environment.get(name) else []
        environment[name] = ":".join(given + ["log_path=" + os.path.join(folder, "report"), "log_exe_name=1"])
    return environment


def main():
    with tempfile.TemporaryDirectory(prefix="mutual-reports.") as folder:
        code = subprocess.run(sys.argv[1:], env=with_reports_in(folder)).returncode
        sys.stdout.flush()
        reports = sorted(name for name in os.listdir(folder) if os.path.getsize(os.path.join(folder, name)) > 0)
        for name in reports:
            print("--- " + name)
            with open(os.path.join(folder, name), errors="replace") as report:
                print(report.read())
        if reports:
            print("FAILED: sanitizers report on %d processes" % len(reports))
        return 1 if reports and code in (0, 77) else code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
