"""Statistics that are exact in any order of summation, so that errors have no excuse."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.upstream import integers as integer_gradient
from conformance.cases.catalogue.values import arranged, given, integers

ABOUT = "Small integers arranged so that mean, var + eps and inv_std are exact; a tighter limit."

FOUR = (3, -1, -1, -1)
"""Four deviations of variance 3: with eps = 1 the root is 2; times 4/3 it is 4."""

EIGHT = (15, 5, 1, 1, -15, -5, -1, -1)
"""Eight deviations of variance 63: with eps = 1 the root is 8; times 8/7 it is 72."""

SIXTEEN = (7, 7, 3, 3, 1, 1, 1, 1, -7, -7, -3, -3, -1, -1, -1, -1)
"""Sixteen deviations of variance 15: with eps = 1 the root is 4; times 16/15 it is 16."""

_LIMIT = 4.0

_BASE = Recipe(
    shape=(8, 4),
    eps=1.0,
    momentum=0.25,
    x=arranged(EIGHT),
    dy=integer_gradient(-4, 4),
    gamma=given(-2.0, 0.5, 1.0, -0.25),
    beta=given(1.0, -3.0, 0.5, 2.0),
    running_mean=integers(-8, 8),
    running_var=given(63.0, 3.0, 15.0, 255.0),
)
_DOUBLE = _BASE.but(types="float64")
_IMAGES = _BASE.but(shape=(4, 3, 2, 2), x=arranged(SIXTEEN))
_SCALED = _BASE.but(x=arranged(EIGHT, 2.0**-8), eps=2.0**-16)


def _row(name: str, catches: str, recipe: Recipe, *faults: str) -> CaseRow:
    return CaseRow(name, catches, recipe, faults, limit=_LIMIT)


ROWS = (
    _row(
        "m-8-float32",
        "An approximate reciprocal root (12 bits, or one Newton step short): inv_std is 1/8.",
        _BASE,
        "rsqrt-12bit",
    ),
    _row(
        "m-8-float64",
        "A float32 root inside a float64 path: every output is a short binary fraction.",
        _DOUBLE,
        "rsqrt-12bit",
    ),
    _row(
        "m-8-float16",
        "Any rounding before the last: y, dgamma, dbeta and all statistics are exact in float16.",
        _BASE.but(types="float16"),
        "saved-stats-in-half",
    ),
    _row(
        "m-8-bfloat16-params-float32",
        "Any rounding at all before the last: inv_std and the running statistics are exact.",
        _BASE.but(types="bfloat16+float32"),
        "saved-stats-in-half",
    ),
    _row(
        "m-8-test-float32",
        "An approximate root in test mode: var + eps are powers of 4.",
        _BASE.test,
        "rsqrt-12bit",
    ),
    _row(
        "m-8-test-float64",
        "A float32 scale in a float64 inference path: the scale is a power of two.",
        _DOUBLE.test,
        "rsqrt-12bit",
    ),
    _row(
        "m-8-momentum-one",
        "A factor M / (M - 1) rounded before it multiplies: 63 * 8/7 is 72.",
        _BASE.but(momentum=1.0),
        "running-var-wrong-estimator",
    ),
    _row(
        "m-4-float32",
        "A sum of four in which one term is read twice or dropped.",
        _BASE.but(shape=(4, 4), x=arranged(FOUR)),
        "last-partial-block-dropped",
    ),
    _row(
        "m-16-nchw",
        "N in place of N*H*W where all is exact: the mean of 16 values becomes four times itself.",
        _IMAGES,
        "dx-divides-by-batch",
    ),
    _row(
        "m-16-nhwc",
        "Partial sums of a channels-last kernel that are merged with a wrong count.",
        _IMAGES.but(shape=(4, 2, 2, 3), axis=3),
        "unweighted-chunk-merge",
    ),
    _row(
        "scaled-float32",
        "A result that is not scale free: x times 2^-8 and eps times 4^-8 must not change xhat.",
        _SCALED,
        "eps-outside-sqrt",
    ),
    _row(
        "no-affine",
        "A made-up gamma or beta that is not exactly 1 and 0.",
        _BASE.but(gamma=None, beta=None),
        "gamma-none-is-zero",
    ),
    _row(
        "history",
        "An old running value that is rounded between exact updates, or updates out of order.",
        _BASE.but(momentum=0.5, earlier=2),
        "running-ema-in-half",
    ),
)
