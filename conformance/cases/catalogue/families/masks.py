"""Statistics over the values that a mask keeps: padded sequences, left-out samples."""

from __future__ import annotations

from conformance.cases.catalogue.masks import (
    LENGTHS,
    NONE,
    ONE,
    POSITIONS,
    SAMPLES,
    TWO,
    VALUES,
)
from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NCL, NHWC
from conformance.cases.catalogue.values import normal

ABOUT = "Statistics of the values that a mask keeps, and all values normalized by them."

NLC = NCL.but(shape=(4, 10, 3), axis=2)

_IGNORED = ("mask-ignored",)
_SIZE = ("mask-of-fewer-axes",)

ROWS = (
    CaseRow(
        "lengths-float32",
        "A mask that is taken and not used: padding counts in mean and variance.",
        NLC.but(mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "lengths-ncl-float32",
        "Sums over what is kept that are divided by the number of all positions.",
        NCL.but(mask=LENGTHS),
    ),
    CaseRow(
        "lengths-float64",
        "The weights of a mask kept in float32, or its count.",
        NLC.but(types="float64", mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "lengths-float16",
        "A mask in float16, whose sum is the count.",
        NLC.but(types="float16", mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "lengths-bfloat16",
        "A mask in bfloat16, whose sum is the count.",
        NLC.but(types="bfloat16", mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "lengths-float16-params-float32",
        "Masked sums in the type of x, not in that of the parameters.",
        NLC.but(types="float16+float32", mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "padding-far",
        "Padding that is large and reaches the statistics, multiplied with too small a weight.",
        NLC.but(mask=LENGTHS.times(64.0)),
        _IGNORED,
    ),
    CaseRow(
        "far-mean",
        "Padding that counts as 0 in the variance: x minus the mean is not 0 where x is.",
        NLC.but(x=normal(40.0, 1.0), mask=LENGTHS),
    ),
    CaseRow(
        "rows-float32",
        "Samples that are left out and yet take part.",
        NC.but(mask=POSITIONS),
        _IGNORED,
    ),
    CaseRow(
        "rows-float64",
        "The gradient of samples that are left out: their dy reaches the statistics as all others.",
        NC.but(types="float64", mask=POSITIONS),
    ),
    CaseRow(
        "samples-nhwc",
        "A mask of fewer axes than x: sums that are divided by the size of the mask.",
        NHWC.but(mask=SAMPLES),
        _SIZE,
    ),
    CaseRow(
        "samples-nlc",
        "The same of sequences.",
        NLC.but(mask=SAMPLES),
        _SIZE,
    ),
    CaseRow(
        "images-nhwc",
        "A mask of positions whose dx is 0 where nothing is kept.",
        NHWC.but(mask=POSITIONS),
        _IGNORED,
    ),
    CaseRow(
        "images-nchw",
        "The same with channels first: a mask laid along the wrong axes.",
        NCHW.but(mask=POSITIONS),
        _IGNORED,
    ),
    CaseRow(
        "values-float32",
        "One count for all channels where each has its own.",
        NC.but(mask=VALUES),
        _IGNORED,
    ),
    CaseRow(
        "values-nhwc-float64",
        "The same in images: a count per channel.",
        NHWC.but(types="float64", mask=VALUES),
        _IGNORED,
    ),
    CaseRow(
        "one-channel",
        "Statistics of one channel that lose their axis under a mask.",
        NLC.but(shape=(4, 10, 1), mask=LENGTHS),
        _IGNORED,
    ),
    CaseRow(
        "two-kept",
        "The running variance corrected by the number of all values: 2 / (2 - 1) is due.",
        NLC.but(mask=TWO),
    ),
    CaseRow(
        "one-kept",
        "One value: a variance of 0, and none for the running one.",
        NLC.but(mask=ONE),
    ),
    CaseRow(
        "none-kept",
        "A mask that keeps nothing: running statistics that become NaN, or go towards 0.",
        NLC.but(mask=NONE),
    ),
    CaseRow(
        "none-kept-float64",
        "The same in float64, where 0 / 0 is replaced by 0 / 1e-7.",
        NLC.but(types="float64", mask=NONE),
    ),
    CaseRow(
        "no-running-float32",
        "A mask where no running statistics are kept.",
        NLC.but(running_mean=None, running_var=None, mask=LENGTHS),
    ),
    CaseRow(
        "no-affine-float32",
        "A mask where there is neither gamma nor beta.",
        NLC.but(gamma=None, beta=None, mask=LENGTHS),
    ),
    CaseRow(
        "test-float32",
        "A mask in test mode, where no statistic is taken of the batch: it changes nothing.",
        NLC.test.but(mask=LENGTHS),
    ),
    CaseRow(
        "test-float64",
        "A mask that turns test mode into training.",
        NLC.test.but(types="float64", mask=LENGTHS),
    ),
)
