"""Sizes beyond the design: the longest axes, the most channels, whole images of real networks."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.upstream import NOISE
from conformance.cases.catalogue.upstream import integers as integer_gradient
from conformance.cases.catalogue.values import arranged, integers
from conformance.cases.large.recipes import SIXTEEN

_ONES = arranged((1, -1))
"""Deviations of variance 1: with eps = 3 the root is 2, and 10^7 squares add up exactly."""

_PLAIN = Recipe(dy=NOISE)
_EXACT = Recipe(
    eps=3.0, momentum=0.25, x=_ONES, dy=integer_gradient(-1, 1), running_mean=integers(-8, 8)
)
_NETWORKS = (
    ((8, 64, 56, 56), 1, "float32"),
    ((16, 128, 28, 28), 1, "float16+float32"),
    ((8, 256, 14, 14), 1, "bfloat16+float32"),
    ((8, 7, 7, 2048), 3, "float32"),
    ((2, 112, 112, 64), 3, "bfloat16+float32"),
    ((2, 3, 512, 512), 1, "float32"),
    ((1, 2, 1025, 1023), 1, "float64"),
    ((4096, 3, 5, 5), 1, "float32"),
    ((4097, 8, 8, 3), 3, "float16"),
    ((769, 5, 2, 3), 1, "float64"),
    ((2, 3, 17, 64, 65), 1, "float32"),
)
"""Shapes of layers in use, and the ends of what images have."""


def _plain(name: str, recipe: Recipe) -> CaseRow:
    return CaseRow(name, "A path for sizes that stored cases do not have.", recipe)


def _exact(name: str, recipe: Recipe) -> CaseRow:
    return CaseRow(
        name,
        "A value that is dropped, or a factor M / (M - 1) that is left out, among very many: "
        "sums are exact in any order, so that no rounding hides it.",
        recipe,
        limit=4.0,
    )


ROWS = (
    *(
        _plain(
            f"{'x'.join(map(str, shape))}-{types.replace('+', '-')}-{mode}",
            _PLAIN.but(shape=shape, axis=axis, types=types, training=mode == "train"),
        )
        for shape, axis, types in _NETWORKS
        for mode in ("train", "test")
    ),
    _plain("10000000x1-float32", _PLAIN.but(shape=(10_000_000, 1))),
    _plain("10000000x1-test-float32", _PLAIN.but(shape=(10_000_000, 1)).test),
    _plain("1x1x1000001-float64", _PLAIN.but(shape=(1, 1, 1_000_001), types="float64")),
    _plain("10x100000-float32", _PLAIN.but(shape=(10, 100_000))),
    _plain("10x100001-test-bfloat16", _PLAIN.but(shape=(10, 100_001), types="bfloat16").test),
    _exact("exact-10000000x1-float32", _EXACT.but(shape=(10_000_000, 1))),
    _exact("exact-5002x3-float32", _EXACT.but(shape=(5002, 3))),
    _exact("exact-5792x3-float32", _EXACT.but(shape=(5792, 3))),
    _exact("exact-100002x3-float32", _EXACT.but(shape=(100_002, 3))),
    _exact("exact-1000002x1-float64", _EXACT.but(shape=(1_000_002, 1), types="float64")),
    _exact(
        "exact-200000x2-bfloat16-float32",
        _EXACT.but(shape=(200_000, 2), types="bfloat16+float32", x=arranged(SIXTEEN), eps=1.0),
    ),
    _exact(
        "exact-16x3x64x64-float16-float32",
        _EXACT.but(shape=(16, 3, 64, 64), types="float16+float32", x=arranged(SIXTEEN), eps=1.0),
    ),
)
