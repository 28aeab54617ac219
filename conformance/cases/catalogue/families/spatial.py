"""Images, channels first and channels last."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NCHW, NHWC

ABOUT = "Spatial batch normalization of images in both axis orders, every type, both modes."

_FIRST = (
    CaseRow(
        "train-nchw-float64",
        "N in place of N*H*W as the divisor of the mean terms of dx, in float64.",
        NCHW.but(types="float64"),
        ("dx-divides-by-batch",),
    ),
    CaseRow(
        "train-nchw-float32",
        "N in place of N*H*W: in the divisor of dx, of the mean, or in the N-1 correction.",
        NCHW,
        ("dx-divides-by-batch", "bessel-uses-batch-only"),
    ),
    CaseRow(
        "train-nchw-float16",
        "The mean over N*H*W formed from a sum that is kept in float16.",
        NCHW.but(types="float16"),
        ("half-accumulation",),
    ),
    CaseRow(
        "train-nchw-bfloat16",
        "The mean over N*H*W formed from a sum that is kept in bfloat16: 8 bits for 120 terms.",
        NCHW.but(types="bfloat16"),
        ("half-accumulation", "low-precision-atomics"),
    ),
    CaseRow(
        "train-nchw-float16-params-float32",
        "Running statistics of float16 images updated from statistics rounded to float16.",
        NCHW.but(types="float16+float32"),
        ("running-ema-in-half", "saved-stats-in-half"),
    ),
    CaseRow(
        "train-nchw-bfloat16-params-float32",
        "Dgamma and dbeta of bfloat16 images accumulated in bfloat16 across blocks.",
        NCHW.but(types="bfloat16+float32"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "test-nchw-float64",
        "A frozen layer's float64 backward that subtracts the batch means as if it trained.",
        NCHW.test.but(types="float64"),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "test-nchw-float32",
        "A frozen layer's backward that takes the batch's statistics for the running ones.",
        NCHW.test,
        ("eval-bwd-uses-batch-stats", "eval-dx-missing-invstd"),
    ),
    CaseRow(
        "test-nchw-float16",
        "The test-mode shift beta - mean * scale rounded to float16 before it is added.",
        NCHW.test.but(types="float16"),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "test-nchw-bfloat16",
        "The test-mode shift beta - mean * scale rounded to bfloat16 before it is added.",
        NCHW.test.but(types="bfloat16"),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "test-nchw-float16-params-float32",
        "Dgamma and dbeta of a frozen float16 layer summed in float16.",
        NCHW.test.but(types="float16+float32"),
        ("half-accumulation",),
    ),
    CaseRow(
        "test-nchw-bfloat16-params-float32",
        "Dgamma and dbeta of a frozen bfloat16 layer summed in bfloat16.",
        NCHW.test.but(types="bfloat16+float32"),
        ("low-precision-atomics",),
    ),
)

_LAST = (
    CaseRow(
        "train-nhwc-float64",
        "Channels-last images walked as channels-first in a generic (float64) fallback.",
        NHWC.but(types="float64"),
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "train-nhwc-float32",
        "Channels-last images walked as channels-first, forward or backward alone.",
        NHWC,
        ("axis-ignored-channels-first", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "train-nhwc-float16",
        "Per-thread partial sums of channels-last float16 images stored as float16.",
        NHWC.but(types="float16"),
        ("half-accumulation",),
    ),
    CaseRow(
        "train-nhwc-bfloat16",
        "Per-thread partial sums of channels-last bfloat16 images stored as bfloat16.",
        NHWC.but(types="bfloat16"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "train-nhwc-float16-params-float32",
        "A channels-last mixed kernel that reads its float32 gamma as pairs of float16.",
        NHWC.but(types="float16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "train-nhwc-bfloat16-params-float32",
        "A channels-last mixed kernel that sums dgamma with bfloat16 atomic additions.",
        NHWC.but(types="bfloat16+float32"),
        ("low-precision-atomics",),
    ),
    CaseRow(
        "test-nhwc-float64",
        "The axis argument ignored in test mode alone, in float64.",
        NHWC.test.but(types="float64"),
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "test-nhwc-float32",
        "A channels-last backward in test mode that falls back to channels-first strides.",
        NHWC.test,
        ("axis-ignored-channels-first", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "test-nhwc-float16-params-float32",
        "A channels-last inference kernel that casts the float32 running variance to float16.",
        NHWC.test.but(types="float16+float32"),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "test-nhwc-bfloat16-params-float32",
        "A channels-last inference kernel that casts the float32 running mean to bfloat16.",
        NHWC.test.but(types="bfloat16+float32"),
        ("params-downcast-to-half",),
    ),
)

ROWS = _FIRST + _LAST
