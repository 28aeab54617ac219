"""Volumes: rank five, channels first and channels last."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NCDHW, NDHWC

ABOUT = "Volumetric batch normalization of rank-5 input in both axis orders, both modes."

ROWS = (
    CaseRow(
        "train-ncdhw-float64",
        "The depth axis left out of the count: N*H*W in place of N*D*H*W, in float64.",
        NCDHW.but(types="float64"),
        ("dx-divides-by-batch",),
    ),
    CaseRow(
        "train-ncdhw-float32",
        "A reduction over axes (0, 2, 3) that was written for images and skips the fifth.",
        NCDHW,
        ("per-activation-stats",),
    ),
    CaseRow(
        "train-ncdhw-float16-params-float32",
        "A rank-5 fallback that lacks the mixed type and computes in float16 throughout.",
        NCDHW.but(types="float16+float32"),
        ("half-accumulation", "params-downcast-to-half"),
    ),
    CaseRow(
        "test-ncdhw-float64",
        "Test-mode gradients of volumes taken from the training formula.",
        NCDHW.test.but(types="float64"),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "test-ncdhw-float32",
        "Parameters reshaped to (1, C, 1, 1) and broadcast one axis too far right on volumes.",
        NCDHW.test,
        ("affine-broadcast-on-last-axis",),
    ),
    CaseRow(
        "train-ndhwc-float32",
        "Channels-last volumes walked with channels-first strides.",
        NDHWC,
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "train-ndhwc-float64",
        "The last of five axes taken for axis 3, in the float64 path.",
        NDHWC.but(types="float64"),
        ("last-axis-of-four", "axis-ignored-channels-first"),
    ),
    CaseRow(
        "train-ndhwc-bfloat16-params-float32",
        "A channels-last volume path that accumulates its sums in bfloat16.",
        NDHWC.but(types="bfloat16+float32"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "test-ndhwc-float32",
        "A channels-last volume collapsed to (N*D, H, W, C) with D and H in the wrong order.",
        NDHWC.test,
        ("bwd-input-layout-reinterpreted",),
    ),
    CaseRow(
        "train-no-running",
        "A rank-5 path that needs running statistics to train.",
        NCDHW.but(types="float64", running_mean=None, running_var=None),
    ),
    CaseRow(
        "train-momentum-one",
        "The N-1 correction of volumes with a count that lacks an axis; momentum 1 leaves "
        "nothing else in the running variance.",
        NCDHW.but(momentum=1.0),
        ("bessel-uses-batch-only",),
    ),
)
