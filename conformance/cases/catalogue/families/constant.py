"""Channels in which all values are equal."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, single
from conformance.cases.catalogue.shapes import NC, NCHW
from conformance.cases.catalogue.values import VARIED, given

ABOUT = "Channels without variance: y is beta, and nothing may divide by zero."

_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "one-channel",
        "The derivative of sqrt at 0: dx of a constant channel is NaN.",
        NC.but(x=VARIED.but_channel(2, given(0.75))),
        ("std-gradient-nan-constant-channel",),
    ),
    CaseRow(
        "one-channel-nchw",
        "A constant channel of images whose eps is added after the root.",
        NCHW.but(x=VARIED.but_channel(1, given(-0.75))),
        ("std-gradient-nan-constant-channel", "eps-outside-sqrt"),
    ),
    CaseRow(
        "all-channels",
        "Variance 0 everywhere: y must be beta, dx = gamma / sqrt(eps) * (dy - mean dy).",
        NC.but(x=given(1.5)),
        ("std-gradient-nan-constant-channel",),
    ),
    CaseRow(
        "all-channels-float64",
        "A least value under var + eps in float64 (such as 1e-3) where the variance is 0.",
        _DOUBLE.but(x=given(1.5)),
        ("eps-clamped-min",),
    ),
    CaseRow(
        "inexact",
        "A mean kept in less than float32: xhat is the error of 0.1 / sqrt(eps); and NaN in dx.",
        NC.but(x=given(0.1)),
        ("std-gradient-nan-constant-channel",),
    ),
    CaseRow(
        "large-300",
        "E[x^2] - mean^2 of a channel constant at 300.1: negative, and y is NaN.",
        NC.but(x=VARIED.but_channel(3, given(300.1))),
        ("single-pass-variance",),
    ),
    CaseRow(
        "large-1e4",
        "A channel constant at 12345.678 in float32, whose single-pass variance is +-16; only "
        "its statistics can be graded.",
        NC.but(x=VARIED.but_channel(3, given(12345.678))),
        ("single-pass-variance",),
    ),
    CaseRow(
        "large-1e6-float64",
        "Channels constant at a million or two in float64, where E[x^2] - mean^2 is off by 1e-4.",
        NCHW.but(
            types="float64",
            x=VARIED.but_channel(0, given(1234567.89)).but_channel(2, given(1456789.01)),
        ),
        ("single-pass-variance",),
    ),
    CaseRow(
        "float16",
        "Eps rounded to 0 in float16: a constant channel divides by zero.",
        NC.but(types="float16+float32", x=VARIED.but_channel(0, given(3.0))),
        ("eps-lost-in-half",),
    ),
    CaseRow(
        "eps-1e-12",
        "An eps of 1e-12 that is lost before the root of a variance of 0.",
        NC.but(eps=single(1e-12), x=VARIED.but_channel(4, given(0.25))),
        ("eps-clamped-min",),
    ),
    CaseRow(
        "test",
        "A constant channel taken for a broken one in test mode, where the batch is irrelevant.",
        NC.test.but(x=VARIED.but_channel(2, given(0.75))),
        ("eval-uses-batch-stats",),
    ),
    CaseRow(
        "two-values",
        "A variance that a single differing value makes: 1 of 6 is one ulp of float32 above 1.",
        _DOUBLE.but(x=given(1.0, 1.0, 1.0, 1.0, 1.0, 1.0 + 2.0**-23)),
        ("single-pass-variance",),
    ),
)
