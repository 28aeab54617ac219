"""Arrays that lie unusually in memory: strided, moved, unaligned, broadcast, sharing it."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.upstream import level
from conformance.cases.catalogue.values import given

ABOUT = "The usual batches in memory where a stride, an offset or a shared buffer is noticed."

# Of few bits: sums of equal numbers round with a bias, and here they do not round at all.
_LEVEL = level(1.5, -0.75, 1.25, -0.625, 2.25)


def _level(recipe: Recipe) -> Recipe:
    return recipe.but(memory="broadcast", dy=_LEVEL)


def _merged(recipe: Recipe) -> Recipe:
    one, other = given(2.0, 0.75, 3.5, 1.25), given(3.0, -1.5, 2.5)
    return recipe.but(memory="merged", gamma=one, running_var=one, beta=other, running_mean=other)


_STRIDED = (
    CaseRow(
        "strided-train",
        "Every second row and column of a larger matrix, read as if they were neighbours.",
        NC.but(memory="strided"),
        ("input-strides-ignored",),
    ),
    CaseRow(
        "strided-history-float64",
        "Strides that are honoured for one batch and forgotten for the next: every one is strided.",
        NC.but(memory="strided", types="float64", earlier=1),
        ("input-strides-ignored",),
    ),
    CaseRow(
        "strided-train-nchw-float64",
        "Rows of cropped float64 images read on into what was cropped away.",
        NCHW.but(memory="strided", types="float64"),
        ("input-strides-ignored",),
    ),
    CaseRow(
        "strided-test-nhwc",
        "A channel stride of 1 taken for granted, in test mode and its backward pass.",
        NHWC.test.but(memory="strided"),
        ("input-strides-ignored", "bwd-input-layout-reinterpreted"),
    ),
)

_REVERSED = (
    CaseRow(
        "reversed-train-float64",
        "A negative stride taken without its sign: channels read from the other end.",
        NC.but(memory="reversed", types="float64"),
        ("input-strides-ignored",),
    ),
    CaseRow(
        "reversed-train-nhwc",
        "A flipped channels-last image whose buffer is read forwards from its first byte.",
        NHWC.but(memory="reversed"),
        ("input-strides-ignored", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "reversed-test-nchw",
        "Test mode that pairs the channels of a flipped image with the wrong running statistics.",
        NCHW.test.but(memory="reversed"),
        ("input-strides-ignored",),
    ),
)

_TRANSPOSED = (
    CaseRow(
        "transposed-train-nchw",
        "An array in Fortran order read in C order: the values of all channels mixed.",
        NCHW.but(memory="transposed"),
        ("input-strides-ignored",),
    ),
    CaseRow(
        "transposed-train-nhwc-float64",
        "A backward pass that makes a permuted tensor contiguous under the wrong axis order.",
        NHWC.but(memory="transposed", types="float64"),
        ("bwd-input-layout-reinterpreted", "input-strides-ignored"),
    ),
    CaseRow(
        "transposed-test-float64",
        "A matrix that is a transposed view, handed to a library as if it were row-major.",
        NC.test.but(memory="transposed", types="float64"),
        ("input-strides-ignored",),
    ),
)

_BROADCAST = (
    CaseRow(
        "broadcast-train",
        "dx written into the memory of dy, which is one value per channel: the loss was a sum.",
        _level(NC),
        ("inverted-activation-output",),
    ),
    CaseRow(
        "broadcast-train-nchw-float64",
        "An expanded dy of images read as if its memory held a value for every element.",
        _level(NCHW.but(types="float64")),
        ("inverted-activation-output",),
    ),
    CaseRow(
        "broadcast-test-float64",
        "A frozen layer under a summed loss: dgamma and dbeta count each value of dy once.",
        _level(NC.test.but(types="float64")),
        ("param-grads-averaged",),
    ),
    CaseRow(
        "broadcast-test-nhwc",
        "An expanded channels-last dy, contiguous along its last axis alone and taken for dense.",
        _level(NHWC.test),
        ("param-grads-averaged",),
    ),
)

_MERGED = (
    CaseRow(
        "merged-train",
        "One buffer for gamma and the running variance, updated before gamma is read.",
        _merged(NC),
        ("running-update-clobbers-affine",),
    ),
    CaseRow(
        "merged-train-nchw-float64",
        "One buffer for beta and the running mean of images, updated before beta is read.",
        _merged(NCHW.but(types="float64")),
        ("running-update-clobbers-affine",),
    ),
    CaseRow(
        "merged-test",
        "Running statistics written in test mode, and gamma and beta with them.",
        _merged(NC.test),
        ("running-updated-in-eval",),
    ),
)

_PLACED = (
    CaseRow(
        "unaligned-train",
        "A wide load that takes the first element from the boundary of 16 bytes before it.",
        NC.but(memory="unaligned"),
    ),
    CaseRow(
        "unaligned-test-nchw-float64",
        "A wide load of images from an address that is no multiple of 16, in test mode.",
        NCHW.test.but(memory="unaligned", types="float64"),
    ),
    CaseRow(
        "channels-last-train-nchw",
        "A channels-last tensor whose axes are named NCHW, read in the order of their names.",
        NCHW.but(memory="channels_last"),
        ("input-strides-ignored", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "channels-first-test-nhwc",
        "The memory of NCHW under the axes NHWC, read in the order of their names.",
        NHWC.test.but(memory="channels_first"),
        ("input-strides-ignored", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "overlapping-train",
        "dx written into the memory of dy before x, which shares it, was read.",
        NC.but(memory="overlapping"),
        ("inverted-activation-output",),
    ),
)

ROWS = (*_STRIDED, *_REVERSED, *_TRANSPOSED, *_BROADCAST, *_MERGED, *_PLACED)
