"""Outliers, large and small magnitudes, and the edges of the types."""

from __future__ import annotations

from conformance.cases.catalogue.families.exact import EIGHT
from conformance.cases.catalogue.recipe import CaseRow, Recipe, single
from conformance.cases.catalogue.shapes import COLUMNS, NC, NCHW
from conformance.cases.catalogue.upstream import USUAL
from conformance.cases.catalogue.values import VARIED, arranged, signed, uniform

ABOUT = "Outliers and magnitudes at the edges of the types, where squares and roots go wrong."

_DOUBLE = NC.but(types="float64")
_SUBNORMAL = Recipe(
    shape=(2, 2, 2, 2), x=arranged(EIGHT, 2.0**-137), eps=2.0**-80, beta=None, momentum=0.25
)
"""Sums are exact, and small beside the smallest normal number; without beta y is normal."""

ROWS = (
    CaseRow(
        "outlier",
        "A value 10000 times the others: xhat of the rest needs the mean to all its digits.",
        NC.but(x=VARIED.but({(0, 3): 2e4, (3, 0): -2e4})),
    ),
    CaseRow(
        "outlier-columns",
        "An outlier in the middle of 64 values that ruins a running (Welford) variance.",
        COLUMNS.but(x=VARIED.but({(0, 31): 1e4, (2, 40): -1e4})),
    ),
    CaseRow(
        "outlier-nchw-float64",
        "One hot pixel, 10000 times the others, clipped before the statistics.",
        NCHW.but(types="float64", x=VARIED.but({(1, 60): 2e4})),
    ),
    CaseRow(
        "outlier-float16-params-float32",
        "An outlier at 60000, near the end of float16, whose sum overflows there.",
        NC.but(types="float16+float32", x=VARIED.but({(1, 2): 6e4, (1, 5): 6e4})),
        ("half-accumulation", "half-square-overflow"),
    ),
    CaseRow(
        "large-float32",
        "x near 1e15: squares of 1e30 still fit float32, their cubes and fourth powers do not.",
        NC.but(
            x=VARIED.times(1e15), running_mean=signed(3e15, 5e15), running_var=uniform(5e29, 2e30)
        ),
        ("persistent-mode-overflow", "var-plus-eps-squared"),
    ),
    CaseRow(
        "squares-overflow-float32",
        "x near 1e19: every result fits float32, and the sum of squared deviations does not.",
        NC.but(
            x=arranged((1, -1), 2.0**63),
            running_mean=signed(1e19, 3e19),
            running_var=uniform(1e38, 2e38),
        ),
        ("squares-overflow-in-single",),
    ),
    CaseRow(
        "gradient-1e30",
        "An upstream gradient of 1e30, clipped or squared on its way; every result fits float32.",
        NC.but(dy=USUAL.times(1e30)),
    ),
    CaseRow(
        "gradient-1e30-test-nchw-float64",
        "An upstream gradient of 1e30 clipped in test mode alone.",
        NCHW.test.but(dy=USUAL.times(1e30), types="float64"),
    ),
    CaseRow(
        "xhat-101",
        "xhat that is clipped: one value is 101 standard deviations out, the most of 10300.",
        Recipe(shape=(10_300, 1), x=VARIED.but({(0, 5000): 1e6})),
    ),
    CaseRow(
        "large-float64",
        "x near 1e100: (var + eps)^2 or ^(3/2) overflows although every result fits.",
        _DOUBLE.but(
            x=VARIED.times(1e100),
            running_mean=signed(3e100, 5e100),
            running_var=uniform(5e200, 2e201),
        ),
        ("var-plus-eps-squared",),
    ),
    CaseRow(
        "small-float32",
        "x near 1e-10: its variance of 1e-20 is far below eps, and xhat near 0 is still exact.",
        NC.but(
            x=VARIED.times(1e-10),
            running_mean=signed(3e-10, 5e-10),
            running_var=uniform(0.0, 1e-19),
        ),
        ("eps-hardcoded",),
    ),
    CaseRow(
        "small-float64",
        "x near 1e-120 in float64, where float32 intermediates are all 0.",
        _DOUBLE.but(
            x=VARIED.times(1e-120),
            running_mean=signed(3e-120, 5e-120),
            running_var=uniform(0.0, 1e-239),
        ),
        ("denormal-flush",),
    ),
    CaseRow(
        "subnormal-x",
        "Subnormal float32 input flushed to zero: the mean is subnormal, too.",
        NC.but(x=VARIED.times(2.0**-131), dy=None),
        ("denormal-flush",),
    ),
    CaseRow(
        "subnormal-variance",
        "A batch variance near 1e-40 flushed to zero on its way out.",
        NC.but(
            x=VARIED.times(2.0**-66),
            eps=single(1e-12),
            momentum=1.0,
            running_mean=signed(1e-20, 1e-19),
            running_var=uniform(1e-41, 1e-39),
        ),
        ("denormal-flush",),
    ),
    CaseRow(
        "subnormal-running-variance-test",
        "A subnormal running variance that must be returned as it was given.",
        NC.test.but(running_var=uniform(1e-41, 1e-39)),
        ("denormal-flush", "running-updated-in-eval"),
    ),
    CaseRow(
        "subnormal-x-float32",
        "Subnormal float32 x flushed to zero, although y and dgamma are normal numbers.",
        _SUBNORMAL,
        ("denormal-flush",),
    ),
    CaseRow(
        "subnormal-x-float64",
        "Subnormal float64 x flushed to zero, although y and dgamma are normal numbers.",
        _SUBNORMAL.but(types="float64", x=arranged(EIGHT, 2.0**-1063), eps=2.0**-120),
        ("denormal-flush",),
    ),
    CaseRow(
        "channels-of-all-sizes",
        "A scale shared by channels: their deviations run from 1e-3 to 1e4.",
        NC.but(
            x=VARIED.but_channel(1, VARIED.times(1e-3))
            .but_channel(3, VARIED.times(1e4))
            .but_channel(6, VARIED.times(1e2))
        ),
        ("param-grads-keepdim",),
    ),
    CaseRow(
        "bfloat16-wide",
        "bfloat16 values near 1e15, which float16 cannot hold, converted by way of it.",
        NC.but(
            types="bfloat16+float32",
            x=VARIED.times(1e15),
            running_mean=signed(3e15, 5e15),
            running_var=uniform(5e29, 2e30),
        ),
        ("params-downcast-to-half",),
    ),
)
