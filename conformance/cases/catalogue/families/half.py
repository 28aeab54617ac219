"""Half-precision input: what must not happen in half precision."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.shapes import NC, NCHW
from conformance.cases.catalogue.upstream import Upstream, constant, halves
from conformance.cases.catalogue.values import given, normal, signed, uniform

ABOUT = "Half precision throughout: range, precision and subnormals of float16 and bfloat16."

_HALF = NC.but(types="float16")
_BRAIN = NC.but(types="bfloat16")
_LONG_HALF = Recipe(shape=(257, 3), types="float16")

NEARLY_ZERO = (1.5, -0.25, 2.75, 0.5, -1.25, 0.75)
"""Six values of mean 2/3 and variance 115/72 whose first, normalized, is 0.65938."""

_CANCELLING = {"x": given(*NEARLY_ZERO), "gamma": given(1.5), "beta": given(-0.98828125)}
"""1.5 * 0.65938 - 0.98828: the first y of each channel is 8e-4 of the size of its terms."""

ROWS = (
    CaseRow(
        "squares-overflow",
        "(x - mean)^2 formed in float16: deviations above 256 have squares above 65504.",
        _HALF.but(x=uniform(-350.0, 350.0), running_var=uniform(1e3, 6e4)),
        ("half-square-overflow",),
    ),
    CaseRow(
        "squares-overflow-test",
        "x^2 formed in float16 for statistics that test mode does not even need.",
        _HALF.test.but(x=normal(0.0, 400.0), running_var=uniform(1e4, 6e4)),
        ("half-square-overflow",),
    ),
    CaseRow(
        "sum-drifts",
        "A float16 sum over 257 terms of 0.7, each of which counts as 0.75 once it passes 128.",
        _LONG_HALF.but(dy=constant(0.7)),
        ("half-accumulation",),
    ),
    CaseRow(
        "sum-overflows",
        "A float16 sum of 257 values near 300, which passes 65504.",
        _LONG_HALF.but(x=normal(300.0, 40.0), running_var=uniform(500.0, 2500.0)),
        ("half-accumulation",),
    ),
    CaseRow(
        "small-variance-float16",
        "Eps of 1e-5 rounded to float16 and added there, where the variance is subnormal.",
        _HALF.but(x=normal(0.01, 0.004), running_var=uniform(1e-5, 4e-5)),
        ("eps-lost-in-half",),
    ),
    CaseRow(
        "small-variance-float16-test",
        "A running variance of a few 1e-5, subnormal in float16, to which eps is added in float16.",
        _HALF.test.but(
            x=normal(0.01, 0.004),
            running_mean=signed(0.002, 0.005),
            running_var=uniform(1e-5, 4e-5),
        ),
        ("eps-lost-in-half", "denormal-flush"),
    ),
    CaseRow(
        "small-variance-bfloat16",
        "Var + eps rounded to bfloat16 before the root: 8 bits where 24 are needed.",
        _BRAIN.but(x=normal(0.01, 0.004), running_var=uniform(1e-5, 4e-5)),
        ("eps-lost-in-half",),
    ),
    CaseRow(
        "subnormal-input",
        "float16 subnormals in x and dy flushed to zero.",
        _HALF.but(
            x=uniform(-5e-5, 5e-5),
            dy=Upstream(
                "uniform in [-5e-5, 5e-5)", lambda s, x, _: s.uniform(*x.shape) * 1e-4 - 5e-5
            ),
            running_var=uniform(1e-3, 4e-3),
        ),
        ("denormal-flush",),
    ),
    CaseRow(
        "large-gradient",
        "Dbeta summed in float16: it is 240, but its partial sums reach 90000.",
        NCHW.but(types="float16", dy=halves(1500.0, -1496.0), x=normal(0.0, 8.0)),
        ("half-accumulation",),
    ),
    CaseRow(
        "y-near-zero-float16",
        "Gamma * xhat rounded to float16 before beta is added: one y is nearly 0.",
        _HALF.but(**_CANCELLING),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "y-near-zero-bfloat16",
        "Gamma * xhat rounded to bfloat16 before beta is added: one y is nearly 0.",
        _BRAIN.but(**_CANCELLING),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "y-near-zero-bfloat16-test",
        "A folded scale and shift rounded to bfloat16 in test mode: one y is nearly 0.",
        _BRAIN.test.but(**_CANCELLING, running_mean=given(0.66796875), running_var=given(1.59375)),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "scale-beyond-range",
        "1 / (var + eps) above 65504 formed in float16 on the way to its root of 316.",
        _HALF.test.but(x=normal(0.0, 0.003), running_mean=given(0.0), running_var=given(0.0)),
        ("eps-lost-in-half", "half-square-overflow"),
    ),
)
