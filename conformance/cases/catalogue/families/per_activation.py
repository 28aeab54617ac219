"""Per-activation mode: every position has statistics of its own."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import PER_POSITION, PER_STEP

ABOUT = "Per-activation mode: statistics over the batch axis alone, parameters per position."

_SEEN = ("per-activation-stats",)

ROWS = (
    CaseRow(
        "train-float64",
        "Spatial statistics in float64 where per-activation ones were asked for.",
        PER_POSITION.but(types="float64"),
        _SEEN,
    ),
    CaseRow(
        "train-float32",
        "Spatial statistics where per-activation ones were asked for: M is N*H*W, not N.",
        PER_POSITION,
        _SEEN,
    ),
    CaseRow(
        "train-float16-params-float32",
        "Parameters of shape (C, H, W) cast to the float16 of x.",
        PER_POSITION.but(types="float16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "test-float64",
        "Running statistics of shape (C, H, W) averaged over positions in test mode.",
        PER_POSITION.test.but(types="float64"),
        _SEEN,
    ),
    CaseRow(
        "test-float32",
        "Parameters of shape (C, H, W) read with the channel stride alone.",
        PER_POSITION.test,
        _SEEN,
    ),
    CaseRow(
        "train-steps",
        "Per-activation mode of (N, C, L) input taken for the ordinary one over N and L.",
        PER_STEP,
        _SEEN,
    ),
    CaseRow(
        "train-no-affine",
        "Gamma and beta made up with shape (C,) where per-activation mode has none.",
        PER_POSITION.but(gamma=None, beta=None),
        ("gamma-none-is-zero",),
    ),
    CaseRow(
        "train-momentum-one",
        "The N-1 correction of per-activation statistics taken with the spatial count.",
        PER_POSITION.but(momentum=1.0),
    ),
)
