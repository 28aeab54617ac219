"""NaN and infinity: contained in their channel."""

from __future__ import annotations

from math import inf, nan

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.upstream import USUAL
from conformance.cases.catalogue.values import VARIED, given, uniform

ABOUT = "One value that is not finite: it spoils what depends on it and nothing else."

_DOUBLE = NC.but(types="float64")
_NAN = VARIED.but({(2, 1): nan})
_NAN_GRADIENT = USUAL.but(2, 1, nan)

ROWS = (
    CaseRow(
        "nan-x-train",
        "A NaN of one channel that reaches others through a shared reduction.",
        NC.but(x=_NAN),
        ("missing-barrier-partial-sum",),
    ),
    CaseRow(
        "nan-x-train-float64",
        "A NaN that a float64 path hides: its channel's statistics must be NaN.",
        _DOUBLE.but(x=_NAN),
        ("nan-counts-as-zero",),
    ),
    CaseRow(
        "nan-x-train-nchw",
        "A NaN in one image that spoils every channel of that image.",
        NCHW.but(x=VARIED.but({(1, 37): nan})),
        ("per-sample-stats",),
    ),
    CaseRow(
        "nan-x-train-nhwc",
        "A NaN that spreads to the neighbours in a vector of channels.",
        NHWC.but(x=VARIED.but({(1, 37): nan})),
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "nan-x-train-float16-params-float32",
        "A NaN lost in the conversion from float16: max or min with 0 drops it.",
        NC.but(types="float16+float32", x=_NAN),
        ("single-pass-variance-clamped",),
    ),
    CaseRow(
        "nan-x-test",
        "A NaN that leaves its own y, or spoils dx of its channel, in test mode.",
        NC.test.but(x=_NAN),
        ("eval-uses-batch-stats", "eval-dx-uses-train-formula"),
    ),
    CaseRow(
        "nan-x-test-nchw",
        "Batch statistics computed in test mode: a NaN shows them in the whole channel.",
        NCHW.test.but(x=VARIED.but({(1, 37): nan})),
        ("eval-uses-batch-stats",),
    ),
    CaseRow(
        "inf-x-train",
        "An infinite value normalized to a finite one: inf - inf must be NaN.",
        NC.but(x=VARIED.but({(3, 4): inf})),
    ),
    CaseRow(
        "inf-x-train-float64",
        "A variance clamped from NaN to 0, so that an infinite channel comes out as beta.",
        _DOUBLE.but(x=VARIED.but({(3, 4): inf})),
        ("single-pass-variance-clamped",),
    ),
    CaseRow(
        "negative-inf-x-train",
        "A mean of -inf returned as NaN or as +inf.",
        NC.but(x=VARIED.but({(5, 0): -inf})),
    ),
    CaseRow(
        "both-inf-x-train",
        "Two infinities of opposite sign whose mean is not NaN.",
        NC.but(x=VARIED.but({(0, 0): inf, (0, 3): -inf})),
    ),
    CaseRow(
        "inf-x-test",
        "An infinite value in test mode that becomes NaN instead of gamma's infinity.",
        NC.test.but(x=VARIED.but({(3, 4): inf})),
    ),
    CaseRow(
        "negative-inf-x-test-float64",
        "The sign of an infinite y where gamma is negative.",
        _DOUBLE.test.but(x=VARIED.but({(3, 4): -inf})),
    ),
    CaseRow(
        "inf-x-train-float16",
        "A float16 infinity taken for 65504.",
        NC.but(types="float16+float32", x=VARIED.but({(6, 2): inf})),
        ("half-square-overflow",),
    ),
    CaseRow(
        "nan-dy-train",
        "A NaN gradient that reaches y or the statistics, or other channels' dx.",
        NC.but(dy=_NAN_GRADIENT),
    ),
    CaseRow(
        "nan-dy-train-nchw",
        "A NaN gradient of one pixel that spoils dbeta of all channels.",
        NCHW.but(dy=USUAL.but(1, 37, nan)),
        ("missing-barrier-partial-sum",),
    ),
    CaseRow(
        "nan-dy-test",
        "A NaN gradient in test mode that spoils more of dx than its own element.",
        NC.test.but(dy=_NAN_GRADIENT),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "nan-dy-test-float64",
        "Test-mode dx that goes through sums over the batch, in float64.",
        _DOUBLE.test.but(dy=_NAN_GRADIENT),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "nan-x-last-channel",
        "A NaN in the last element of x, which a tail loop reads apart from the rest.",
        NC.but(x=VARIED.but({(7, 5): nan})),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "negative-variance-test",
        "A negative running variance clamped to 0: the root of a negative number is NaN.",
        NC.test.but(running_var=uniform(5.0, 12.0).but_channel(4, given(-2.0))),
        ("running-var-clamped",),
    ),
    CaseRow(
        "negative-variance-test-float64",
        "A negative running variance whose absolute value is taken.",
        _DOUBLE.test.but(running_var=uniform(5.0, 12.0).but_channel(4, given(-2.0))),
        ("running-var-clamped",),
    ),
)
