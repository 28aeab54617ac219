"""Eps against a variance of its own size."""

from __future__ import annotations

from math import sqrt

from conformance.cases.catalogue.recipe import EPS, CaseRow, Recipe, single
from conformance.cases.catalogue.shapes import NC, NCHW
from conformance.cases.catalogue.values import VARIED, given, signed, uniform

ABOUT = "Eps from 0.5 to 1e-12 with a variance of its size: where it is added, and which it is."


def comparable(eps: float, base: Recipe = NC) -> Recipe:
    """`base` with an eps, deviations of its root, and running statistics to match."""
    root = single(sqrt(eps))
    return base.but(
        eps=eps,
        x=VARIED.times(root),
        running_mean=signed(3.0 * root, 5.0 * root),
        running_var=uniform(0.5 * eps, 3.0 * eps),
    )


_CONSTANTS = {
    "5e-1": (0.5, "Eps outside the root", ("eps-outside-sqrt",)),
    "1e-1": (single(0.1), "Eps kept in the running variance", ("running-var-includes-eps",)),
    "1e-3": (single(1e-3), "Eps fixed at 1e-5 whatever the caller says", ("eps-hardcoded",)),
    "1e-5": (EPS, "Eps fixed at 1e-3 whatever the caller says", ("eps-hardcoded",)),
    "1e-8": (single(1e-8), "Eps raised to a least value of 1e-5", ("eps-clamped-min",)),
    "1e-12": (single(1e-12), "Eps replaced by a constant such as 1e-8", ("eps-clamped-min",)),
}

_IN_TEST = {"1e-1": "Eps replaced by a smaller constant such as 1e-5"}
"""Mistakes of test mode, where that of training mode cannot show."""

_DOUBLE = {True: ("5e-1", "1e-5", "1e-8", "1e-12"), False: ("5e-1", "1e-5", "1e-12")}
"""Where float64 adds to what float32 shows, in training and in test mode."""

_LADDER = tuple(
    CaseRow(
        f"{'train' if training else 'test'}-{name}-{types}",
        f"{mistake if training else _IN_TEST.get(name, mistake)}, seen in "
        f"{'training' if training else 'test'} mode in {types} "
        f"with a variance of about {name}.",
        comparable(eps).but(types=types, training=training),
        ("eps-hardcoded",) if not training and name in _IN_TEST else faults,
    )
    for name, (eps, mistake, faults) in _CONSTANTS.items()
    for types in ("float32", "float64")
    for training in (True, False)
    if types == "float32" or name in _DOUBLE[training]
)

ROWS = (
    *_LADDER,
    CaseRow(
        "train-nchw-5e-1",
        "Eps times the number of pixels, or added once per image, in spatial statistics.",
        comparable(0.5, NCHW),
        ("running-var-includes-eps",),
    ),
    CaseRow(
        "test-variance-zero-1e-3",
        "Eps missing where the running variance is 0: y must be gamma (x - mean) / sqrt(eps).",
        comparable(single(1e-3)).test.but(running_var=given(0.0)),
        ("eps-outside-sqrt",),
    ),
    CaseRow(
        "test-variance-zero-1e-12",
        "A floor under var + eps: with variance 0 and eps 1e-12 the scale is a million.",
        comparable(single(1e-12)).test.but(running_var=given(0.0)),
        ("eps-clamped-min",),
    ),
    CaseRow(
        "train-large-against-variance",
        "A backward pass that takes 1 / var for 1 / (var + eps): eps is a thousand times var.",
        comparable(0.5).but(x=VARIED.times(single(0.02))),
        ("eps-outside-sqrt",),
    ),
    CaseRow(
        "momentum-one-5e-1",
        "Eps inside the running variance; momentum 1 leaves the N-1 variance alone.",
        comparable(0.5).but(momentum=1.0),
        ("running-var-includes-eps",),
    ),
)
