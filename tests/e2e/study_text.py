"""Study files for the tests of this folder. Every part may hold % places, to be filled in by the test."""

TEXT = """
title = "{title}"
purpose = "To be tested."
benefit = "None."
contact = "tests@fed.example"
licence = "CC0-1.0"
expires = 2099-12-31

[data]
table = "{table}"
member = "who"
{columns}
[recipe]
{recipe}
[privacy]
noise_multiplier = {noise}
delta = 1e-6
sampling_rate = 1
max_rows = {max_rows}
{clip}
[cohort]
min_nodes = {min_nodes}
assumed_colluders = 1
deadline = "{deadline}"
join_window = "{window}"
[scrutineers]
organisations = [{scrutineers}]
threshold = 2
operator_nodes = []
"""
SETTINGS = {"title": "%s", "table": "points", "noise": 4, "max_rows": 1, "clip": "", "min_nodes": 3, "deadline": "60s",
            "window": "10m"}


def study_text(columns, recipe, scrutineers, **settings):
    """The text of a study file; `settings` replace those of SETTINGS."""
    unknown = set(settings) - set(SETTINGS)
    if unknown:
        raise ValueError("study files have no %s here" % ", ".join(sorted(unknown)))
    return TEXT.format(columns=columns, recipe=recipe, scrutineers=", ".join('"%s"' % name for name in scrutineers),
                       **{**SETTINGS, **settings})


def real(name, lower, upper):
    return ('[[data.column]]\nname = "%s"\ntype = "real"\nlower = %g\nupper = %g\n'
            'definition = "A number."\n' % (name, lower, upper))


def category(name, values):
    return ('[[data.column]]\nname = "%s"\ntype = "category"\ncategories = [%s]\n'
            'definition = "A kind."\n' % (name, ", ".join('"%s"' % v for v in values)))


def line_training(rounds):
    """The recipe of a training study: y from x, a straight line."""
    return ('kind = "train"\nmodel = "linear"\nfeatures = ["x"]\ntarget = "y"\noptimizer = "sgd"\nlearning_rate = 0.2\n'
            'momentum = 0.5\nrounds = %s\nexpected_members = 400' % rounds)
