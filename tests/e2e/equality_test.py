#!/usr/bin/env python3
"""Without noise, a federation's results equal the pooled ones.

Nodes run the test-only program without noise. Values lie on quarters of the bounds' half range, which
the grid holds exactly, so statistics must agree to 1e-9; a trained model's parameters, whose sums are
rounded batch by batch, to 1e-5 of the pooled full-batch run.
"""
import random
import statistics
import sys

from federation import Federation, check
from study_text import category, real, study_text

NODES = ["north", "east", "south"]
HEAD = study_text("%s", "%s", ["north", "south", "east"], title="Equality", table="rows", noise="%g", max_rows=4, clip="%s")


def near(found, wanted, tolerance):
    return found is not None and abs(found - wanted) <= tolerance * max(1e-300, abs(wanted))


def statistics_part(federation, rng):
    columns = real("wage", 8, 60) + real("hours", 0, 40) + category("grade", ["a", "b"])
    pooled = []  # one member: (wage, hours, grade), every row the same
    for node in NODES:
        rows = []
        for member in range(rng.randint(60, 90)):
            wage = 34 + 26 * rng.choice([-1, -0.5, 0, 0.5, 1])
            hours = 20 + 20 * rng.choice([-1, -0.5, 0, 0.5, 1])
            grade = rng.choice(["a", "a", "b"])
            pooled.append((wage, hours, grade))
            rows += [["M%d" % member, wage, hours, grade]] * rng.randint(1, 3)
        rng.shuffle(rows)
        federation.table(node, "rows", ["who", "wage", "hours", "grade"], rows)
    federation.serve_nodes()

    digest = federation.ask(HEAD % (columns, 'kind = "mean"\ncolumns = ["wage", "hours"]\n'
                                    'by = "grade"', 1, ""))
    found = federation.estimates(digest)
    for index, name in ((0, "wage"), (1, "hours")):
        for grade in ("a", "b"):
            values = [m[index] for m in pooled if m[2] == grade]
            for estimate, wanted in (("count", len(values)), ("mean", statistics.fmean(values)),
                                     ("variance", statistics.pvariance(values))):
                check(near(found[(name, grade, estimate)], wanted, 1e-9),
                      "%s of %s in %s is the pooled one" % (estimate, name, grade))

    digest = federation.ask(HEAD % (columns, 'kind = "histogram"\ncolumns = ["wage"]\nbins = [4]\n',
                                    1, ""))
    found = [value for (table, _, name), value in federation.estimates(digest).items()
             if name == "members"]
    wanted = [0] * 4
    for wage, _, _ in pooled:
        wanted[min(3, int((wage - 8) / 13))] += 1
    check(len(found) == 4 and all(near(f, w, 1e-9) for f, w in zip(found, wanted)),
          "the histogram is the pooled one")

    digest = federation.ask(HEAD % (columns, 'kind = "histogram"\ncolumns = ["wage", "grade"]\n'
                                    'bins = [2, 0]\n', 1, ""))
    found = [value for (table, _, name), value in federation.estimates(digest).items()
             if name == "members"]
    wanted = [0] * 4
    for wage, _, grade in pooled:
        wanted[2 * min(1, int((wage - 8) / 26)) + "ab".index(grade)] += 1
    check(len(found) == 4 and all(near(f, w, 1e-9) for f, w in zip(found, wanted)),
          "the two-dimensional histogram is the pooled one")


def training_part(federation, rng):
    pooled = []
    for node in NODES:
        rows = []
        for member in range(10000):
            x, z = rng.uniform(-1, 1), rng.uniform(-1, 1)
            y = max(-1.0, min(1.0, 0.5 * x - 0.3 * z + 0.1 + rng.gauss(0, 0.1)))
            pooled.append((x, z, y))
            rows.append(["M%d" % member, repr(x), repr(z), repr(y)])
        federation.table(node, "points", ["who", "x", "z", "y"], rows)
        federation.kill(node)
        federation.serve_node(node)
    rounds, rate = 25, 0.8
    text = HEAD % (real("x", -1, 1) + real("z", -1, 1) + real("y", -1, 1),
                   'kind = "train"\nmodel = "linear"\nfeatures = ["x", "z"]\ntarget = "y"\n'
                   'optimizer = "sgd"\nlearning_rate = %g\nrounds = %d\nexpected_members = %d\n'
                   % (rate, rounds, len(pooled)), 12, "clip = 2")
    digest = federation.ask(text.replace('table = "rows"', 'table = "points"'))
    found = federation.model(digest)
    weights = [0.0, 0.0, 0.0]
    for _ in range(rounds):
        gradient = [0.0, 0.0, 0.0]
        for x, z, y in pooled:
            error = weights[0] * x + weights[1] * z + weights[2] - y
            gradient[0] += error * x
            gradient[1] += error * z
            gradient[2] += error
        weights = [w - rate * g / len(pooled) for w, g in zip(weights, gradient)]
    largest = max(abs(f - w) for f, w in zip(found, weights))
    check(len(found) == 3 and largest <= 1e-5,
          "a trained model is the pooled one, largest difference %.1e" % largest)
    check(max(abs(f - w) for f, w in zip(found, (0.5, -0.3, 0.1))) < 0.02,
          "and it found what the generator put in")


def main():
    rng = random.Random(20261124)
    with Federation(sys.argv[1], "noiseless-node") as federation:
        federation.begin(NODES)
        for node in NODES:
            federation.configure(node, slots=16384, yearly_epsilon_node=100,
                                 study_epsilon_node=50, study_epsilon_public=50,
                                 yearly_epsilon_public=100)
        statistics_part(federation, rng)
        training_part(federation, rng)


if __name__ == "__main__":
    main()
