#!/usr/bin/env python3
"""Studies on real data through real processes over mutual TLS, with noise.

Skips, with exit code 77, when the data are not there. The limits are below what five runs gave by at
least six of the runs' standard deviations (docs/RESULTS.md): false failure below 1e-6.
"""
import os
import statistics
import sys

import datasets
from federation import Federation, check

MEAN = """
title = "Weekly wages"
purpose = "To know them."
benefit = "None."
contact = "tests@fed.example"
licence = "CC-BY-4.0"
expires = 2099-12-31

%s
[recipe]
kind = "mean"
columns = ["wage"]
by = "parttime"
[privacy]
noise_multiplier = 2
delta = 1e-5
sampling_rate = 1
max_rows = 1
[cohort]
min_nodes = 4
assumed_colluders = 1
deadline = "60s"
join_window = "10m"
[scrutineers]
organisations = [%s]
threshold = 2
operator_nodes = []
"""


def heart(programs):
    data = datasets.heart()
    plan = datasets.Plan(30, 2, 0.5, 0.9, 0.3, 1e-3)
    with Federation(programs) as federation:
        datasets.begin(federation, data, 256)
        noise = datasets.noise_for(federation, plan, 3, 3)
        study = plan.study(data, noise, "Heart disease")
        datasets.require_all_read(federation, data, study)
        model = federation.model(federation.ask(study))
    scores = [datasets.quality(data, model, rows)[0] for rows in data.test.values()]
    check(len(data.train) == 4 and statistics.fmean(scores) > 0.72,
          "four hospitals with epsilon_public 3: mean accuracy %.3f" % statistics.fmean(scores))


def adult(programs):
    data = datasets.adult()
    plan = datasets.Plan(40, 4, 0.9, 0.9, 0.5, 1e-5)
    with Federation(programs) as federation:
        datasets.begin(federation, data, 8192)
        noise = datasets.noise_for(federation, plan, 1, len(data.train) - 1)
        study = plan.study(data, noise, "Census income")
        datasets.require_all_read(federation, data, study)
        model = federation.model(federation.ask(study))
    accuracy, auc = datasets.quality(data, model, data.test["all"])
    check(len(data.train) == 15 and accuracy > 0.835 and auc > 0.87,
          "census income by occupation with epsilon_public 1: accuracy %.4f, AUC %.4f"
          % (accuracy, auc))


def wages(programs):
    data = datasets.wages()
    plan = datasets.Plan(60, 1, 0.9, 0.9, 1, 1e-5)
    with Federation(programs) as federation:
        datasets.begin(federation, data, 16384)
        noise = datasets.noise_for(federation, plan, 1, 3)
        study = plan.study(data, noise, "Wages")
        datasets.require_all_read(federation, data, study)
        model = federation.model(federation.ask(study))
        found = federation.estimates(federation.ask(MEAN % (
            data.schema(), ", ".join('"%s"' % node for node in sorted(data.train)[:4]))))
    r2, _ = datasets.quality(data, model, data.test["all"])
    check(len(data.train) == 4 and r2 > 0.42, "wages by region with epsilon_public 1: R2 %.4f" % r2)
    everyone = [row for rows in data.train.values() for row in rows]
    for part in ("no", "yes"):
        wages_of = [min(max(r[6], 50), 3000) for r in everyone if r[5] == part]
        # Noise: half the range times sigma/count, sigma = 2·2·sqrt(6) units at most.
        error = 1475 * 2 * 2 * 6 ** 0.5 * 2 / len(wages_of)
        check(abs(found[("wage", part, "mean")] - statistics.fmean(wages_of)) < 6 * error,
              "mean wage, part time %s: %.1f, pooled %.1f"
              % (part, found[("wage", part, "mean")], statistics.fmean(wages_of)))


def main():
    if not os.path.isdir(datasets.folder()):
        print("skipped: %s is not there; set MUTUAL_DATA to where the data are" % datasets.folder())
        sys.exit(77)
    for part in (heart, adult, wages):
        part(sys.argv[1])


if __name__ == "__main__":
    main()
