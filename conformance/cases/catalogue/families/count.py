"""M, the number of values per channel, from one value up to many."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.upstream import integers as integer_gradient
from conformance.cases.catalogue.values import integers

ABOUT = "How many values share a mean: 1, small, odd, prime, round, many."

_SMALL = {
    1: (
        "A single value per channel refused or turned into NaN: y is beta, dx is 0.",
        "bessel-nan-single-value",
    ),
    2: (
        "The N-1 variance used to normalize: with M = 2 it is twice the biased one.",
        "unbiased-var-in-normalise",
    ),
    3: (
        "A pairwise sum that pads an odd count with a term that is not 0.",
        "padding-counts-in-variance",
    ),
    4: (
        "The dmu term of the variance path added without its sum: 20% of dx at M = 4.",
        "dx-dmu-unsummed",
    ),
    5: (
        "A vector kernel that handles four rows at a time and forgets the fifth.",
        "last-partial-block-dropped",
    ),
    7: (
        "The biased variance in place of the N-1 one in the running variance, 1/7 off.",
        "running-var-wrong-estimator",
    ),
    13: (
        "Zero padding up to 16 rows counted in the variance.",
        "padding-counts-in-variance",
    ),
    31: (
        "A warp of 32 lanes whose idle last lane contributes.",
        "padding-counts-in-variance",
    ),
    64: (
        "A tree reduction that drops its last level at an exact power of two.",
        "missing-barrier-partial-sum",
    ),
    127: (
        "Rows after the last whole block of 16 left out of the sums.",
        "last-partial-block-dropped",
    ),
    256: (
        "A block of 256 threads that reads partial sums before they are written.",
        "missing-barrier-partial-sum",
    ),
}

_DOUBLE = {
    1: (
        "NaN in dx of a single float64 value, whose variance is 0 and where only eps divides.",
        "bessel-nan-single-value",
    ),
    2: (
        "The factor 2/1 of the N-1 correction in float64 normalization.",
        "unbiased-var-in-normalise",
    ),
}

ROWS = (
    *(
        CaseRow(f"m-{m}-float32", catches, Recipe(shape=(m, 3)), (fault,))
        for m, (catches, fault) in _SMALL.items()
    ),
    *(
        CaseRow(f"m-{m}-float64", catches, Recipe(shape=(m, 3), types="float64"), (fault,))
        for m, (catches, fault) in _DOUBLE.items()
    ),
    CaseRow(
        "m-1-test",
        "Test mode of a single row refused, or normalized by its own variance of 0.",
        Recipe(shape=(1, 3), training=False),
        ("eval-uses-batch-stats",),
    ),
    CaseRow(
        "m-1-nchw",
        "A single 1 by 1 image turned into NaN because a check for M = 1 looks at rank 2 alone.",
        Recipe(shape=(1, 3, 1, 1)),
        ("bessel-nan-single-value",),
    ),
    CaseRow(
        "one-image",
        "A single image taken for 'one value per channel': N = 1 but M = 30.",
        Recipe(shape=(1, 3, 5, 6)),
        ("bessel-uses-batch-only",),
    ),
    CaseRow(
        "one-pixel",
        "Images of 1 by 1 pixel whose axes are squeezed away together with N or C.",
        Recipe(shape=(7, 3, 1, 1)),
        ("axes-squeezed",),
    ),
    CaseRow(
        "m-2503-prime",
        "A grid-stride loop whose last, partial stride is skipped at a prime count.",
        Recipe(shape=(2503, 2)),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "rows-5003",
        "A path for more than 4096 rows that forgets the N-1 correction or its last block.",
        Recipe(shape=(5003, 2)),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "rows-5003-float64",
        "Blocks of 1023 or 1024 float64 rows whose last value or last partial block is lost.",
        Recipe(shape=(5003, 2), types="float64"),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "rows-258-float64",
        "The two float64 rows behind the last whole vector of four left out of the mean.",
        Recipe(shape=(258, 2), types="float64"),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "m-4096-float16-params-float32",
        "4096 float16 values accumulated in float16, whose rounding errors grow with the count.",
        Recipe(shape=(4096, 2), types="float16+float32"),
        ("half-accumulation",),
    ),
    CaseRow(
        "images-28",
        "Statistics of images merged from unequal chunks without their counts.",
        Recipe(shape=(4, 6, 28, 28)),
        ("unweighted-chunk-merge",),
    ),
    CaseRow(
        "images-28-nhwc",
        "A channels-last reduction in two stages that drops the rows of its last block.",
        Recipe(shape=(4, 28, 28, 6), axis=3),
        ("missing-barrier-partial-sum",),
    ),
    CaseRow(
        "images-28-bfloat16-params-float32",
        "Parameter gradients over 3136 bfloat16 values added with bfloat16 atomics.",
        Recipe(shape=(4, 6, 28, 28), types="bfloat16+float32"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "images-28-test",
        "A vectorized test-mode kernel that leaves the tail of each image unwritten.",
        Recipe(shape=(4, 6, 28, 28), types="float64", training=False),
    ),
    CaseRow(
        "images-large",
        "A one-pass merge whose counts are float32 or whose last element is dropped, M = 16640.",
        Recipe(shape=(4, 2, 64, 65)),
        ("persistent-mode-overflow",),
    ),
    CaseRow(
        "rows-65537",
        "A launch grid that ends at 65535 rows.",
        Recipe(shape=(65537, 1)),
        ("grid-limit-65535",),
    ),
    CaseRow(
        "rows-65537-test-float64",
        "A launch grid that ends at 65535 rows, in the float64 kernel of test mode.",
        # Whole numbers: noise cannot be compressed, and makes the wheel two megabytes larger.
        Recipe(
            shape=(65537, 1),
            types="float64",
            training=False,
            x=integers(-128, 127),
            dy=integer_gradient(1, 8),
        ),
        ("grid-limit-65535",),
    ),
)
