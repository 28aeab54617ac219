"""Batches without a single value."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe

ABOUT = "N = 0: empty y and dx, gradients of zero, running statistics as they were."

_SEEN = ("empty-batch-nan",)

ROWS = (
    CaseRow(
        "train-float32",
        "The mean of nothing written to the running statistics as NaN.",
        Recipe(shape=(0, 8)),
        _SEEN,
    ),
    CaseRow(
        "train-float64",
        "Dgamma and dbeta of an empty batch that are NaN or uninitialized instead of 0.",
        Recipe(shape=(0, 8), types="float64"),
        _SEEN,
    ),
    CaseRow(
        "test-float32",
        "An empty batch refused in test mode, where nothing has to be averaged.",
        Recipe(shape=(0, 8), training=False),
        _SEEN,
    ),
    CaseRow(
        "train-nchw",
        "A launch over zero images that fails, or leaves dgamma and dbeta unwritten.",
        Recipe(shape=(0, 3, 5, 6)),
        _SEEN,
    ),
    CaseRow(
        "test-nhwc",
        "An empty channels-last batch whose y loses its shape.",
        Recipe(shape=(0, 5, 6, 3), axis=3, training=False),
        _SEEN,
    ),
)
