"""Inputs with many zeros, as activations have."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import VARIED, given, normal

ABOUT = "Zeros as a ReLU leaves them, dead channels, all-zero batches."

_RELU = normal(0.2, 1.0).relu()
_MOSTLY = normal(-1.0, 1.0).relu()

ROWS = (
    CaseRow(
        "relu-train",
        "Zeros taken for missing values and left out of the count.",
        NC.but(x=_RELU),
        ("padding-counts-in-variance",),
    ),
    CaseRow(
        "relu-train-nchw",
        "Zeros of images taken for padding and left out of the mean.",
        NCHW.but(x=_RELU),
        ("padding-counts-in-variance",),
    ),
    CaseRow(
        "relu-train-float16",
        "A shortcut for zero input that skips the subtraction of a mean that was kept in float16.",
        NC.but(types="float16", x=_RELU),
        ("saved-stats-in-half",),
    ),
    CaseRow(
        "relu-test-nhwc",
        "Zeros that stay zeros in test mode: y must be beta - gamma * mean / std.",
        NHWC.test.but(x=_RELU),
        ("eval-mean-not-subtracted",),
    ),
    CaseRow(
        "mostly-zero",
        "A variance from nonzero values alone: five of six are zero.",
        NCHW.but(x=_MOSTLY),
        ("padding-counts-in-variance",),
    ),
    CaseRow(
        "dead-channel",
        "A channel that is all zeros and makes its dx NaN.",
        NC.but(x=_RELU.but_channel(3, given(0.0))),
        ("std-gradient-nan-constant-channel",),
    ),
    CaseRow(
        "all-zero",
        "0 / 0: x is zero everywhere, y must be beta.",
        NC.but(x=given(0.0)),
        ("std-gradient-nan-constant-channel",),
    ),
    CaseRow(
        "all-zero-nchw-float64",
        "The running statistics not updated by a batch of zeros.",
        NCHW.but(types="float64", x=given(0.0)),
        ("running-stats-frozen",),
    ),
    CaseRow(
        "all-zero-test",
        "A batch of zeros skipped in test mode: y is not zero and not beta.",
        NC.test.but(x=given(0.0)),
        ("eval-mean-not-subtracted",),
    ),
    CaseRow(
        "zero-rows",
        "Padding rows of zeros at the end of a batch that are, rightly, part of it.",
        NC.but(x=VARIED.but({(c, i): 0.0 for c in range(8) for i in (4, 5)})),
        ("padding-counts-in-variance",),
    ),
)
