#!/usr/bin/env python3
"""The three demo federations as a new user runs them: what they find, the pages they leave, the cheat they catch.

A finding holds when it lies within six of its own standard errors (noise and sampling) of what the generator puts in:
false failure below 1e-7 for all together. The standard error itself is bounded, so that no finding holds by being vague.
"""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile

from federation import Failed, check

INJURIES = "injuries per 100 full-time years"
# Of the drivers six branches take part, whose hours pay a little more than all twelve.
# study, table, group, estimate: what the generator puts in, the largest standard error
DEMOS = {
    "drivers": {
        "chart": "waiting",
        "arguments": ["--nodes", "6"],
        "findings": {
            ("waiting", "pay per engaged hour", "before", "mean"): (22.8, 1.2),
            ("waiting", "pay per engaged hour", "after", "mean"): (19.2, 1.2),
            ("waiting", "pay per logged-in hour", "after", "mean"): (10.1, 1.2),
        },
        "says": ["why the definitions are voted on"],
        "cheat": ("CLOSE", "counts contribution", "exit 4"),
    },
    "warehouses": {
        "chart": "injuries",
        "arguments": [],
        "findings": {
            ("injuries", INJURIES, "large", "rate"): (7.0, 0.7),
            ("injuries", INJURIES, "other", "rate"): (3.8, 0.7),
            ("tenure", INJURIES + ", compared with 6 months and more", "under 1 month", "ratio"): (2.6, 0.9),
            ("tenure", INJURIES + ", compared with 6 months and more", "1 to 6 months", "ratio"): (1.4, 0.4),
            ("quota", "regression of injuries", "quota", "coefficient"): (2.52, 0.7),
        },
        "says": ["A study that is refused: Injuries by site", "mend them and lint again",
                 "A study that is refused: Injuries at three sites", "line 14: category \"site-07\" of \"site\" is an organisation"],
        "cheat": ("EPSILON", "recomputed", "exit 4"),
    },
    "pay_survey": {
        "chart": "gap",
        "arguments": ["--nodes", "20"],
        "findings": {
            ("mean", "pay", "all members", "mean"): (19.8, 0.3),
            ("medians", "quantiles of pay", "men, full time / 50%", "value"): (19.2, 0.7),
            ("medians", "quantiles of pay", "women, full time / 50%", "value"): (17.7, 0.7),
            ("gap", "gap of log(pay), percent", "raw gap", "percent"): (10.2, 1.5),
            ("gap", "gap of log(pay), percent", "adjusted gap", "percent"): (3.9, 2.0),
            ("grades", "inequality: inequality of pay", "Gini coefficient", "value"): (0.19, 0.02),
        },
        "says": ["grade and sex go together"],
        "cheat": ("FORK", "two stories", "exit 1"),
    },
}


def figures(folder, study):
    """{(table, group, estimate): (value, standard error)} from the CSV."""
    with open(os.path.join(folder, study + ".csv"), newline="") as file:
        return {(row["table"], row["group"], row["estimate"]): (float(row["value"]), float(row["standard_error"]))
                for row in csv.DictReader(file) if row["value"] and row["standard_error"]}


def findings(name, folder, wanted):
    for (study, *place), (truth, largest) in wanted.items():
        value, error = figures(folder, study)[tuple(place)]
        check(error <= largest and abs(value - truth) <= 6 * error,
              "%s, %s, %s: %.4g, standard error %.2g, generator %g" % (name, study, " ".join(place[1:]), value, error,
                                                                      truth))


def width_on_a_phone(path):
    """How wide a page wants to be on a screen of 390 pixels, by Chromium; None where that is not installed."""
    browser = shutil.which("chromium")
    if browser is None:
        return None
    frame = path + ".frame.html"
    with open(frame, "w") as file:
        file.write('<iframe id="page" src="file://%s" width="390" height="800"></iframe><script>page.onload = () => {'
                   'document.title = "width " + page.contentDocument.documentElement.scrollWidth}</script>' % path)
    done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
                           "--virtual-time-budget=2000", "--dump-dom", "file://" + frame],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120)
    found = re.search(r"<title>width (\d+)", done.stdout)
    if not found:
        raise Failed("Chromium does not show %s: %s" % (path, done.stdout))
    return int(found.group(1))


def run(name, programs, folder):
    demo = DEMOS[name]
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    done = subprocess.run([os.path.join(root, "examples", "demo"), name, "--dir", folder, *demo["arguments"]],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500,
                          env={**os.environ, "MUTUAL_BIN": programs})
    if done.returncode != 0:
        raise Failed("examples/demo %s ends with %d: %s" % (name, done.returncode, done.stdout))
    findings(name, folder, demo["findings"])
    for sentence in demo["says"]:
        check(sentence in done.stdout, "%s says: %s" % (name, sentence))
    honest, cheated = done.stdout.split("Now somebody cheats")
    check("Verified: everything that was asked holds." in honest, name + ": a stranger verifies the log")
    found, detail, code = demo["cheat"]
    check("FAIL  " + found in cheated and detail in cheated and code in cheated,
          "%s: the cheat is found by %s, %s" % (name, found, code))
    with open(os.path.join(folder, "audit.html")) as page:
        check("</html>" in page.read(), name + ": the report is a page")
    for page in ["audit", *{study for study, *_ in demo["findings"]}]:
        width = width_on_a_phone(os.path.join(folder, page + ".html"))
        if width is None:
            print("skipped: Chromium is not installed, nobody looks at the pages")
            break
        check(width <= 390, "%s: the page of %s is %d pixels wide on a phone of 390" % (name, page, width))
    with open(os.path.join(folder, demo["chart"] + ".html")) as page:
        check("<svg" in page.read(), "%s: the page of %s has a chart" % (name, demo["chart"]))


def refuses_misuse(programs):
    cheat = os.path.join(programs, "mutual-demo-cheat")
    with tempfile.TemporaryDirectory() as empty:
        for arguments, code, text in (([], 2, "Usage"), (["--help"], 0, "Exit codes"),
                                      (["fork", empty, empty + "/copy"], 1, "holds no node's folder")):
            done = subprocess.run([cheat, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            check(done.returncode == code and text in done.stdout, "mutual-demo-cheat %s" % " ".join(arguments[:1]))


def main():
    refuses_misuse(sys.argv[1])
    for name in sys.argv[2:] or DEMOS:
        folder = tempfile.mkdtemp(prefix="mutual-demo.")
        run(name, sys.argv[1], folder)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
