"""Means that are many standard deviations from zero."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import COLUMNS, NC, NCHW, NHWC
from conformance.cases.catalogue.values import normal, offset, uniform

ABOUT = "Mean/std from 10 to 1e8 at M <= 256: what E[x^2] - mean^2 and folded shifts cost."

_SINGLE = {
    10: "E[x^2] - mean^2 in float32 loses 2 of its 7 digits",
    100: "E[x^2] - mean^2 in float32 loses 4 of its 7 digits",
    1000: "E[x^2] - mean^2 in float32 loses 6 of its 7 digits, and y is off by tenths",
    10_000: "E[x^2] - mean^2 in float32 is noise, at times negative, and y is NaN",
    100_000: "A mean rounded in float32 and not corrected leaves a variance of its rounding error",
    1_000_000: "All but the statistics is beyond grading (float32 resolves 1/16 of a deviation), "
    "but the mean must keep its digits",
}
_DOUBLE = {
    10: "A float32 sum hidden in a float64 path, at 10 standard deviations",
    100: "A float32 mean subtracted from float64 values, 100 standard deviations out",
    1000: "E[x^2] - mean^2 in float64 loses 6 of its 16 digits",
    10_000: "E[x^2] - mean^2 in float64 loses 8 of its 16 digits: as good as float32",
    100_000: "E[x^2] - mean^2 in float64 loses 10 of its 16 digits",
    1_000_000: "E[x^2] - mean^2 in float64 loses 12 of its 16 digits: gradients are wrong by 1e-3",
    100_000_000: "E[x^2] - mean^2 in float64 is noise, at times negative, and y is NaN",
}
_ONE_PASS = ("single-pass-variance", "single-pass-variance-clamped")

_LADDER = tuple(
    CaseRow(
        f"{name}-{types}-{ratio}",
        f"{catches}, summing {m} values per channel.",
        base.but(types=types, x=offset(ratio)),
        _ONE_PASS,
    )
    for types, table in (("float32", _SINGLE), ("float64", _DOUBLE))
    for ratio, catches in table.items()
    for name, base, m in (("columns", COLUMNS, 64), ("rows", NC, 6))
)

_IMAGES = tuple(
    CaseRow(
        f"{name}-{types}-{ratio}",
        f"A spatial kernel that takes E[x^2] - mean^2 in {types} over {name.upper()} images "
        f"at mean/std {ratio}, where the one for matrices does not.",
        base.but(types=types, x=offset(ratio)),
        _ONE_PASS,
    )
    for types, ratio in (
        ("float32", 1000),
        ("float32", 10_000),
        ("float64", 1_000_000),
        ("float64", 100_000_000),
    )
    for name, base in (("nchw", NCHW), ("nhwc", NHWC))
)

_HALVES = tuple(
    CaseRow(
        f"columns-{types.replace('+', '-params-')}-{ratio}",
        f"Statistics of {types.partition('+')[0]} input rounded to its type: at mean/std {ratio} "
        f"the rounded mean is {wrong}.",
        COLUMNS.but(types=types, x=offset(ratio)),
        ("saved-stats-in-half",),
    )
    for types, ratio, wrong in (
        ("float16+float32", 10, "up to 1/200 of a deviation off"),
        ("float16+float32", 100, "up to 1/20 of a deviation off"),
        ("float16+float32", 1000, "up to half a deviation off"),
        ("bfloat16+float32", 10, "up to 1/25 of a deviation off"),
        ("bfloat16+float32", 100, "up to 0.4 deviations off"),
    )
)

_TEST = tuple(
    CaseRow(
        f"test-{types}-{ratio}",
        f"A shift folded as beta - mean * scale in {types}, which cancels at mean/std {ratio}.",
        NC.test.but(
            types=types,
            x=normal(ratio * 0.75, 0.75),
            running_mean=uniform(ratio * 0.75 - 0.5, ratio * 0.75 + 0.5),
            running_var=uniform(0.25, 1.0),
        ),
        ("folded-affine-cancellation",),
    )
    for types, ratio in (("float32", 100), ("float32", 10_000), ("float64", 1_000_000))
)

ROWS = (
    *_LADDER,
    *_IMAGES,
    *_HALVES,
    *_TEST,
    CaseRow(
        "m-256-float32-100",
        "A float32 sum of squares added one after the other: 256 terms near 10^4.",
        COLUMNS.but(shape=(256, 3), x=offset(100)),
        _ONE_PASS,
    ),
    CaseRow(
        "m-256-float32-1000",
        "A merge of partial variances that takes the difference of means in float32 squares.",
        COLUMNS.but(shape=(256, 3), x=offset(1000)),
        _ONE_PASS,
    ),
    CaseRow(
        "m-127-padding",
        "Zero padding inside the variance: one padded row weighs as 10000 values do.",
        COLUMNS.but(shape=(127, 3), x=offset(100)),
        ("padding-counts-in-variance",),
    ),
    CaseRow(
        "one-channel",
        "A shift by channel 0's mean, or by one for all channels: channel 1 alone is far off.",
        COLUMNS.but(x=normal(0.5, 1.0).but_channel(1, offset(1000))),
        _ONE_PASS,
    ),
    CaseRow(
        "dgamma-uncentred",
        "Dgamma as (sum(dy * x) - mean * sum(dy)) * inv_std, which cancels at mean/std 1000.",
        NC.but(x=offset(1000)),
        ("dgamma-uses-x",),
    ),
)
