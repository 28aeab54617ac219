"""What a recipe may say, told with an example."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import EPS, MOMENTUM
from conformance.cases.own import words
from conformance.float_types import TYPES
from conformance.memory import KINDS

EXAMPLE = """\
name = "image"
about = "What the layers of our image classifier see."

[usual]
types = ["float32", "bfloat16+float32"]
mode = "both"

[[problem]]
id = "stem"
shape = [8, 56, 56, 64]
axis = "NHWC"

[[problem]]
id = "late"
shape = [[32, 7, 7, 128], [5, 7, 7, 128]]
axis = -1
eps = 1e-3
x = ["varied relu", "offset:30"]
count = 2
"""
"""A recipe that makes 36 cases."""


def told() -> dict[str, str]:
    """Everything that a recipe may say, each with a sentence."""
    drawn = f"{', '.join(words.VALUES)}; or none"
    keys = {
        "name": "What the golden file is called, and the first half of every id; own.",
        "about": "What the cases are for, in a sentence.",
        "[usual]": "What holds for every problem that does not say otherwise.",
        "[[problem]]": "A problem, or many: every list is a choice, and all choices meet.",
        "id": "The beginning of the second half of the ids; what is chosen follows.",
        "catches": "The mistake that the cases are there to show, in a sentence.",
        "shape": "The shape of x, 2 to 5 sizes, or a list of shapes; the only key that must be.",
        "axis": "The channel axis: 1 (usual), -1, or a layout with a letter for each axis such as "
        "NHWC; per-activation, or a list of numbers, for statistics of every position of them.",
        "types": f"Of x and dy, and after + of the parameters: {', '.join(TYPES)}; float32.",
        "mode": "train (usual), test, or both.",
        "eps": f"Added to the variance, exactly as written; {EPS!r}.",
        "momentum": f"Weight of the NEW batch in the running statistics; {MOMENTUM!r}.",
        "x": f"What x is drawn from: {', '.join(words.VALUES)}; varied.",
        "dy": f"The upstream gradient: {', '.join(words.GRADIENTS)}; or none; usual.",
        "gamma, beta": f"{drawn}; signed, away from 0 and 1.",
        "running_mean, running_var": f"{drawn}; far from the batch's.",
        "earlier": "How many batches update the running statistics before x; 0.",
        "memory": f"How the arrays lie when a kernel is called: {', '.join(KINDS)}; or by array, "
        "such as x=strided dy=reversed.",
        "seed": "What the numbers are drawn from, or a list; 0. One seed, the same numbers: two "
        "cases that differ in types or mode alone have the same x, rounded.",
        "count": "How many seeds, from the one that is given on; 1.",
    }
    for title, table in (("x", words.VALUES), ("dy", words.GRADIENTS), ("then", words.CHANGES)):
        keys |= {f"{title} = {word.form}": word.about for word in table.values()}
    return keys
