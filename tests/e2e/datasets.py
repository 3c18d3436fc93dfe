"""Public data sets as tables of federations: who holds which rows, and the study's columns.

Read from the folder that MUTUAL_DATA names, else from shared/data beside the project. Nothing of them is
kept in the project.
"""
import csv
import math
import os

from federation import Failed

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def folder():
    return os.environ.get("MUTUAL_DATA", os.path.join(ROOT, "..", "shared", "data"))


class Dataset:
    """`train`: {node: [row]}, `test`: {group: [row]}; a row is a list in the order of `columns`.

    A column is (name, lower, upper) or (name, [categories]). `target` is the last column.
    """

    def __init__(self, name, columns, features, target, target_class=""):
        self.name, self.columns = name, columns
        self.features, self.target, self.target_class = features, target, target_class
        self.train, self.test = {}, {}

    def members(self):
        return sum(len(rows) for rows in self.train.values())

    def schema(self):
        text = '[data]\ntable = "rows"\nmember = "who"\n'
        for column in self.columns:
            text += '[[data.column]]\nname = "%s"\ndefinition = "As published."\n' % column[0]
            if isinstance(column[1], list):
                text += 'type = "category"\ncategories = [%s]\n' % ", ".join(
                    '"%s"' % c for c in column[1])
            else:
                text += 'type = "real"\nlower = %r\nupper = %r\n' % (column[1], column[2])
        return text

    def give_tables(self, federation):
        """Writes each node's table; members are numbered."""
        for node, rows in self.train.items():
            federation.table(node, "rows", ["who"] + [c[0] for c in self.columns],
                             [["M%d" % i] + row for i, row in enumerate(rows)])

    def inputs(self, row):
        """The model's inputs for one row, as docs/STUDY_FILE.md defines them."""
        values = []
        position = {c[0]: i for i, c in enumerate(self.columns)}
        for feature in self.features:
            name, function = feature, None
            if "(" in feature:
                function, name = feature[:-1].split("(")
            column = self.columns[position[name]]
            value = row[position[name]]
            if isinstance(column[1], list):
                values += [1.0 if value == c else 0.0 for c in column[1][1:]]
                continue
            apply = {None: lambda x: x, "log": math.log, "log1p": math.log1p, "sqrt": math.sqrt,
                     "square": lambda x: x * x}[function]
            ends = [apply(column[1]), apply(column[2])]
            low, high = min(ends), max(ends)
            if function == "square" and column[1] < 0 < column[2]:
                low = 0.0
            x = apply(min(max(float(value), column[1]), column[2]))
            values.append((x - (low + high) / 2) / ((high - low) / 2))
        return values


def heart():
    """Fed-Heart-Disease: four hospitals, the given split."""
    base = os.path.join(folder(), "heart_disease")
    columns = [("age", 20, 80), ("sex", ["0", "1"]), ("cp", ["1", "2", "3", "4"]),
               ("trestbps", 80, 200), ("chol", 0, 600), ("fbs", ["0", "1"]),
               ("restecg", ["0", "1", "2"]), ("thalach", 60, 210), ("exang", ["0", "1"]),
               ("oldpeak", -3, 7), ("disease", ["no", "yes"])]
    data = Dataset("heart disease", columns, [c[0] for c in columns[:-1]], "disease", "yes")
    files = {}
    with open(os.path.join(base, "flamby_split.csv")) as file:
        for line in csv.DictReader(file):
            name = line["center_name"]
            if name not in files:
                with open(os.path.join(base, "processed.%s.data" % name)) as rows:
                    files[name] = [row.split(",") for row in rows.read().split("\n") if row]
            raw = files[name][int(line["file_row"])]
            row = []
            for value, column in zip(raw[:10], columns):
                number = float(value)
                row.append(str(int(number)) if isinstance(column[1], list) else number)
            row.append("yes" if line["label"] == "1" else "no")
            part = data.train if line["split"] == "train" else data.test
            part.setdefault(name, []).append(row)
    return data


ADULT = ["age", "workclass", "fnlwgt", "education", "education-num", "marital", "occupation",
         "relationship", "race", "sex", "gain", "loss", "hours", "country", "income"]


def adult(nodes=None):
    """Census income; a node per occupation, or `nodes` equal random ones."""
    def rows_of(name):
        with open(os.path.join(folder(), "adult", name)) as file:
            for line in file:
                values = [v.strip().rstrip(".") for v in line.split(",")]
                if len(values) == 15:
                    yield dict(zip(ADULT, values))

    train, test = list(rows_of("adult.data")), list(rows_of("adult.test"))
    kinds = {name: sorted({r[name] for r in train}) for name in
             ("workclass", "marital", "occupation", "relationship", "race", "sex")}
    columns = [("age", 17.0, 90.0), ("education_num", 1.0, 16.0), ("gain", 0.0, 100000.0),
               ("loss", 0.0, 5000.0), ("hours", 1.0, 99.0)]
    columns += [(name, kinds[name]) for name in kinds] + [("income", ["low", "high"])]
    features = ["age", "square(age)", "education_num", "sqrt(gain)", "sqrt(loss)", "hours"]
    data = Dataset("adult", columns, features + list(kinds), "income", "high")

    def row(values):
        return ([float(values["age"]), float(values["education-num"]), float(values["gain"]),
                 float(values["loss"]), float(values["hours"])] + [values[k] for k in kinds] +
                ["high" if values["income"] == ">50K" else "low"])

    for i, values in enumerate(train):
        if nodes:
            node = "node-%02d" % (i * 7919 % len(train) % nodes)
        else:
            node = "jobs-" + values["occupation"].lower().replace("?", "not-stated")
        data.train.setdefault(node, []).append(row(values))
    data.test["all"] = [row(values) for values in test]
    return data


def wages(nodes=None):
    """CPS 1988: logarithm of the weekly wage; a node per region, or `nodes` equal random ones."""
    columns = [("education", 0.0, 18.0), ("experience", -4.0, 63.0), ("ethnicity", ["cauc", "afam"]),
               ("smsa", ["no", "yes"]), ("region", ["northeast", "midwest", "south", "west"]),
               ("parttime", ["no", "yes"]), ("wage", 50.0, 3000.0)]
    data = Dataset("CPS 1988 wages", columns,
                   ["education", "experience", "square(experience)", "ethnicity", "smsa", "region",
                    "parttime"], "log(wage)")
    with open(os.path.join(folder(), "wages_cps", "CPS1988.csv")) as file:
        lines = list(csv.DictReader(file))
    for i, line in enumerate(lines):
        row = [float(line[c[0]]) if not isinstance(c[1], list) else line[c[0]] for c in columns]
        # One row in five is kept for the test.
        part = data.test if i * 7919 % 5 == 0 else data.train
        name = "node-%02d" % (i * 104729 % nodes) if nodes else "in-" + line["region"]
        part.setdefault(name if part is data.train else "all", []).append(row)
    return data


def quality(data, model, rows):
    """(accuracy, AUC) of a classifier or (R², None) of a regression on `rows`; one-layer models."""
    weights, bias = model[:-1], model[-1]
    scores = [bias + sum(w * x for w, x in zip(weights, data.inputs(row))) for row in rows]
    if data.target_class:
        truth = [row[-1] == data.target_class for row in rows]
        right = sum((s > 0) == t for s, t in zip(scores, truth))
        order = sorted(range(len(rows)), key=lambda i: scores[i])
        ranks = sum(rank + 1 for rank, i in enumerate(order) if truth[i])
        positive = sum(truth)
        pairs = positive * (len(rows) - positive)
        auc = (ranks - positive * (positive + 1) / 2) / pairs if pairs else float("nan")
        return right / len(rows), auc
    low, high = math.log(data.columns[-1][1]), math.log(data.columns[-1][2])
    truth = [math.log(min(max(row[-1], data.columns[-1][1]), data.columns[-1][2])) for row in rows]
    predicted = [(low + high) / 2 + (high - low) / 2 * s for s in scores]
    mean = sum(truth) / len(truth)
    error = sum((t - p) ** 2 for t, p in zip(truth, predicted))
    return 1 - error / sum((t - mean) ** 2 for t in truth), None


STUDY = """
title = "%(title)s"
purpose = "To compare with the published figures."
benefit = "None."
contact = "tests@fed.example"
licence = "CC-BY-4.0"
expires = 2099-12-31

%(schema)s
[recipe]
kind = "train"
model = "%(model)s"
features = [%(features)s]
target = "%(target)s"
%(target_class)s
optimizer = "sgd"
learning_rate = %(rate)g
momentum = %(momentum)g
averaging = %(averaging)g
rounds = %(rounds)d
expected_members = %(members)d
%(local)s
[privacy]
noise_multiplier = %(noise)r
delta = %(delta)r
sampling_rate = 1
max_rows = 1
clip = %(clip)g
[cohort]
min_nodes = %(nodes)d
assumed_colluders = 1
deadline = "120s"
join_window = "10m"
[scrutineers]
organisations = [%(scrutineers)s]
threshold = 2
operator_nodes = []
"""


class Plan:
    """How a model is trained on a data set: full-batch gradient rounds. `local`: none, or a node's steps in
    a round, their rate, the proximal term and the clip of differences."""

    def __init__(self, rounds, rate, momentum, averaging, clip, delta, local=None):
        self.rounds, self.rate, self.momentum = rounds, rate, momentum
        self.averaging, self.clip, self.delta, self.local = averaging, clip, delta, local

    def local_lines(self):
        return "" if self.local is None else (
            "local_steps = %d\nlocal_rate = %g\nproximal = %g\ndifference_clip = %g" % self.local)

    def study(self, data, noise, title):
        return STUDY % {
            "title": title, "schema": data.schema(), "noise": noise, "delta": self.delta,
            "model": "logistic" if data.target_class else "linear",
            "features": ", ".join('"%s"' % f for f in data.features), "target": data.target,
            "target_class": 'target_class = "%s"' % data.target_class if data.target_class else "",
            "rate": self.rate, "momentum": self.momentum, "averaging": self.averaging,
            "rounds": self.rounds, "members": data.members(), "clip": self.clip,
            "local": self.local_lines(),
            "nodes": len(data.train),
            "scrutineers": ", ".join('"%s"' % node for node in sorted(data.train)[:4])}


def noise_for(federation, plan, epsilon, honest):
    """The least noise multiplier of a node whose figure is `epsilon`: by `honest` honest nodes' noise in
    the published sum, or with honest=1 by its own alone. Found by halving with `mutual epsilon`."""
    import json
    low, high = 0.2, 1000.0
    while high / low > 1.0005:
        middle = (low * high) ** 0.5
        steps = [] if plan.local is None else ["--local-steps", str(plan.local[0])]
        answer = json.loads(federation.run(
            "mutual", "--json", "epsilon", "--noise", repr(middle), "--rate", "1", "--rounds",
            str(plan.rounds), "--delta", repr(plan.delta), "--honest", str(honest), *steps))
        if answer["epsilon_public"] > epsilon:
            low = middle
        else:
            high = middle
    return high


def require_all_read(federation, data, study):
    """That every node reads all its rows, with a value in each column, as `study` (a text) would."""
    import json
    path = federation.path("read.toml")
    with open(path, "w") as file:
        file.write(study)
    for node, rows in data.train.items():
        report = json.loads(federation.run("mutual-node", "--dir", federation.path(node), "--json", "check-data", path))
        if report["rows_accepted"] != len(rows) or report["rows_without"]:
            raise Failed("%s reads %s, of %d rows" % (node, report, len(rows)))


def begin(federation, data, slots):
    """Enrols one node per part of the data, with its table and a policy that allows measurements."""
    federation.begin(sorted(data.train))
    for node in federation.nodes:
        federation.configure(node, slots=slots, yearly_epsilon_node=1e6, study_epsilon_node=1e6,
                             study_epsilon_public=1e6, yearly_epsilon_public=1e6)
    data.give_tables(federation)
    federation.serve_nodes()
