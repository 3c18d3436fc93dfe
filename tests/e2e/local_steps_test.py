#!/usr/bin/env python3
"""Training with local steps through a whole federation: masks, ledgers, both figures, replay.

Three nodes with real processes and mutual TLS; what members hold is easy to tell apart, so that a model that learned it is right
nearly always, and one that did not is right half of the time.
"""
import json
import random
import sys

from federation import Failed, Federation, check
from study_text import category, real, study_text

NODES = ["north", "east", "south"]
MEMBERS = 240  # of each node
ROUNDS, STEPS, NOISE = 3, 12, 4
RECIPE = """kind = "train"
model = "logistic"
features = ["x", "y"]
target = "side"
target_class = "above"
optimizer = "sgd"
learning_rate = 1
rounds = %d
expected_members = %d
evaluation_share = 0.2
local_steps = %d
local_rate = 2
proximal = 0.01
difference_clip = 10""" % (ROUNDS, len(NODES) * MEMBERS, STEPS)
STUDY = study_text(real("x", 0, 1) + real("y", 0, 1) + category("side", ["below", "above"]), RECIPE,
                   ["north", "south", "east"], title="Few rounds", noise=NOISE, clip="clip = 0.5")
ADAPTIVE = "clip_quantile = 0.5\nclip_rate = 0.2\nclip_weight = 0.2\nclip_lowest = 0.1\nclip_highest = 1\n"


def begin(federation, rng):
    federation.begin(NODES)
    for node in NODES:
        federation.configure(node, slots=512, yearly_epsilon_node=100, study_epsilon_node=100,
                             study_epsilon_public=100, yearly_epsilon_public=100)
        points = [(rng.random(), rng.random()) for _ in range(MEMBERS)]
        federation.table(node, "points", ["who", "x", "y", "side"],
                         [["M%d" % i, x, y, "above" if x + y > 1 else "below"]
                          for i, (x, y) in enumerate(points)])
    federation.serve_nodes()


def check_lint(federation):
    path = federation.path("bad.toml")
    with open(path, "w") as file:
        file.write(STUDY.replace("clip = 0.5\n", "clip = 0.5\n" + ADAPTIVE))
    code, output = federation.run("mutual", "lint", path, check=False)
    check(code != 0 and "only the difference of the weights leaves a node" in output,
          "a clip that adapts is refused with local steps, and the reason is said")


def check_figures(federation, digest):
    """Every program's figures are those of all steps, and equal."""
    answer = json.loads(federation.run(
        "mutual", "--json", "epsilon", "--noise", str(NOISE), "--rate", "1", "--rounds", str(ROUNDS),
        "--local-steps", str(STEPS), "--delta", "1e-6", "--honest", "2"))
    wanted = answer["epsilon_node"]
    as_rounds = json.loads(federation.run(
        "mutual", "--json", "epsilon", "--noise", str(NOISE), "--rate", "1", "--rounds",
        str(ROUNDS * STEPS), "--delta", "1e-6"))
    check(wanted == as_rounds["epsilon_node"] and answer["epsilon_public"] == wanted,
          "%d rounds of %d steps cost what %d rounds do: %.3f" % (ROUNDS, STEPS, ROUNDS * STEPS, wanted))

    def is_wanted(value):
        return abs(value / wanted - 1) < 1e-6

    privacy = federation.results(digest)["privacy"]
    check(is_wanted(privacy["epsilon_node"]) and is_wanted(privacy["epsilon_public"]) and
          privacy["local_steps"] == STEPS and "every step" in privacy["assumptions"][0],
          "the result's figures are both that, and say why")
    audit = json.loads(federation.run(
        "mutual-audit", "--policy", federation.path("north", "trust", "policy"), "privacy", "--node", "north",
        "--log", federation.path("fed", "log", "public"), "--json"))
    check(all(is_wanted(v) for s in audit["studies"] for v in (s["epsilon_node"], s["epsilon_public"])) and
          is_wanted(audit["composed_epsilon"]), "an auditor computes the same from the log")
    budget = json.loads(federation.run("mutual-node", "--dir", federation.path("north"), "--json", "budget"))
    spent = budget["epsilon_node_spent"]
    # The year's filter converts at few orders and a smaller delta: above the study's own figure.
    check(spent == budget["epsilon_public_spent"] and wanted < spent < 1.5 * wanted,
          "a node's ledger has charged %.3f in both figures" % spent)


def check_model(federation, digest, rng):
    a, b, c = federation.model(digest)
    points = [(rng.random(), rng.random()) for _ in range(2000)]
    right = sum((a * (2 * x - 1) + b * (2 * y - 1) + c > 0) == (x + y > 1) for x, y in points) / 2000
    check(right > 0.93, "after %d rounds the model is right for %.3f" % (ROUNDS, right))
    accuracy = [v for (_, _, name), v in federation.estimates(digest).items() if name == "accuracy"]
    # About 144 are held out; noise adds 0.05.
    check(len(accuracy) == 1 and accuracy[0] > 0.7, "its held-out accuracy is %s" % accuracy)
    check(any("%d noised steps of its own" % STEPS in s
              for s in federation.results(digest)["result"]["sentences"]), "the result tells of the steps")


def check_replay(federation, digest):
    code, output = federation.run(
        "mutual-audit", "--policy", federation.path("north", "trust", "policy"), "replay", digest[:12],
        str(ROUNDS), "--contributions", federation.path("fed", "content"), "--log",
        federation.path("fed", "log", "public"), check=False)
    check(code == 0 and "pass  REPLAY-MODEL" in output and "pass  REPLAY-RESULT" in output,
          "masked differences are replayed bit for bit: " + output.strip().split("\n")[-1])


def main():
    rng = random.Random(12)
    with Federation(sys.argv[1]) as federation:
        begin(federation, rng)
        check_lint(federation)
        digest = federation.propose(STUDY)
        for node in NODES:
            answer = json.loads(federation.run("mutual-node", "--dir", federation.path(node), "--json",
                                               "accept", digest))
            check(answer["epsilon_node"] == answer["epsilon_public"] and answer["local_steps"] == STEPS,
                  "%s accepts with one figure for both" % node)
        federation.watch(digest)
        check_figures(federation, digest)
        check_model(federation, digest, rng)
        check_replay(federation, digest)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit("FAILED: %s" % failed)
