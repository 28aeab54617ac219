"""Upstream gradients that make single terms of the backward pass vanish or stand alone."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.upstream import (
    ALTERNATING,
    CENTRED,
    NOISE,
    PARALLEL,
    USUAL,
    constant,
    one_hot,
)

ABOUT = "Upstream gradients: zero, constant, parallel to xhat, centred, one-hot, large, small."

_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "zero-train",
        "A gradient buffer that is not written where dy is zero.",
        NC.but(dy=constant(0.0)),
        ("grad-req-add-ignored",),
    ),
    CaseRow(
        "zero-test",
        "Dgamma or dbeta left uninitialized in test mode where dy is zero.",
        NC.test.but(dy=constant(0.0)),
        ("grad-mask-path",),
    ),
    CaseRow(
        "constant-train",
        "The mean path dropped: for a constant dy it cancels the local term, and dx is 0.",
        NC.but(dy=constant(1.0)),
        ("dx-stats-constant", "inverted-activation-output"),
    ),
    CaseRow(
        "constant-train-nchw",
        "A broadcast dy, as loss = y.sum() makes it, read as if it were stored whole.",
        NCHW.but(dy=constant(1.0)),
        ("inverted-activation-output", "dx-divides-by-batch"),
    ),
    CaseRow(
        "constant-train-float64",
        "A dx that is not 0 to the last digits for a constant dy.",
        _DOUBLE.but(dy=constant(0.75)),
        ("dx-stats-constant",),
    ),
    CaseRow(
        "constant-test",
        "A constant dy in test mode: dx must be gamma / std, not 0.",
        NC.test.but(dy=constant(1.0)),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "parallel-train",
        "The variance path dropped or halved: for dy parallel to xhat it cancels the local term.",
        NC.but(dy=PARALLEL),
        ("dx-stats-constant",),
    ),
    CaseRow(
        "parallel-train-float64",
        "A variance path with var in place of var + eps, to the last digits.",
        _DOUBLE.but(dy=PARALLEL),
        ("dx-sqrt-of-std-plus-eps",),
    ),
    CaseRow(
        "parallel-train-nhwc",
        "A channels-last dgamma that multiplies the dy of one pixel by the xhat of another.",
        NHWC.but(dy=PARALLEL),
        ("bwd-input-layout-reinterpreted",),
    ),
    CaseRow(
        "one-hot-train",
        "Row and column of the Jacobian exchanged, or its diagonal alone.",
        NC.but(dy=one_hot(2)),
        ("dx-stats-constant", "dgamma-separable"),
    ),
    CaseRow(
        "one-hot-last-train-nchw",
        "The last element dropped from the sums: all of dy is in it.",
        NCHW.but(dy=one_hot(119)),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "one-hot-test",
        "A test-mode dx that is not diagonal.",
        NC.test.but(dy=one_hot(2)),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "centred-train",
        "Dgamma as sum(xhat) * sum(dy), which is 0 twice over.",
        NC.but(dy=CENTRED),
        ("dgamma-separable",),
    ),
    CaseRow(
        "noise-train",
        "A control: dy independent of x, where dropped terms are smallest.",
        NCHW.but(dy=NOISE),
        ("dx-stats-constant",),
    ),
    CaseRow(
        "alternating-train",
        "Sums of dy over pairs that are added with the wrong sign.",
        NC.but(dy=ALTERNATING),
        ("dgamma-dbeta-swapped",),
    ),
    CaseRow(
        "large-train",
        "A gradient clipped at some bound: dy is near a million.",
        NC.but(dy=USUAL.times(2.0**20)),
    ),
    CaseRow(
        "large-train-float64",
        "A gradient clipped at some bound in float64, where clipping is not for the type's sake.",
        NC.but(types="float64", dy=USUAL.times(2.0**20)),
    ),
    CaseRow(
        "small-train",
        "A gradient lost by an absolute threshold: dy is near 1e-12.",
        NC.but(dy=USUAL.times(2.0**-40)),
        ("denormal-flush",),
    ),
    CaseRow(
        "averaged-train",
        "Parameter gradients averaged over the batch: dy is 1/M, so that sums are near 1.",
        NCHW.but(dy=USUAL.times(2.0**-7)),
        ("param-grads-averaged", "param-grads-averaged-over-batch"),
    ),
)
