"""Numbers of channels and sizes that fall beside the blocks of a kernel."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe

ABOUT = "C of 1, 3, 65, 70; C equal to another axis; sizes just above 32, 64, 256, 1024."

_TAIL = ("last-partial-block-dropped",)
_LAST = ("affine-broadcast-on-last-axis",)

ROWS = (
    CaseRow(
        "c-1",
        "A single channel squeezed away, or broadcast as if it were a scalar.",
        Recipe(shape=(5, 1)),
        ("param-grads-keepdim",),
    ),
    CaseRow(
        "c-1-nchw",
        "Images of one channel taken for rank 3, or statistics per image of them.",
        Recipe(shape=(3, 1, 4, 5)),
        ("per-sample-stats",),
    ),
    CaseRow(
        "c-65",
        "The 65th channel left out by a block of 64, or updated by two threads.",
        Recipe(shape=(5, 65)),
        ("running-rmw-race", "last-partial-block-dropped"),
    ),
    CaseRow(
        "c-65-test",
        "The 65th channel's test-mode scale read from the start of the buffer.",
        Recipe(shape=(5, 65), training=False),
        _TAIL,
    ),
    CaseRow(
        "c-65-nhwc",
        "Channels-last kernel whose last channel falls outside a vector of 64.",
        Recipe(shape=(2, 2, 3, 65), axis=3),
        ("axis-ignored-channels-first", "last-partial-block-dropped"),
    ),
    CaseRow(
        "c-70",
        "Six channels after the last whole block of 64 normalized by stale shared memory.",
        Recipe(shape=(4, 70)),
        ("missing-barrier-partial-sum", "last-partial-block-dropped"),
    ),
    CaseRow(
        "c-70-nchw",
        "A grid over channels that is divided down: channels 65 to 70 are never launched.",
        Recipe(shape=(2, 70, 2, 3)),
        _TAIL,
    ),
    CaseRow(
        "n-33",
        "The 33rd row left out by a warp of 32.",
        Recipe(shape=(33, 3)),
        _TAIL,
    ),
    CaseRow(
        "n-65",
        "The 65th row left out by a block of 64.",
        Recipe(shape=(65, 3)),
        _TAIL,
    ),
    CaseRow(
        "n-257",
        "The 257th row left out by a block of 256.",
        Recipe(shape=(257, 3)),
        _TAIL,
    ),
    CaseRow(
        "n-1025",
        "The 1025th row, which needs a second pass of a block of 1024 threads.",
        Recipe(shape=(1025, 3)),
        _TAIL,
    ),
    CaseRow(
        "l-257",
        "Sequences of 257 steps whose last one is dropped by a vector of four.",
        Recipe(shape=(2, 3, 257)),
        _TAIL,
    ),
    CaseRow(
        "c-equals-w-nchw",
        "Gamma and beta broadcast along W: with C = W = 5 no shape error gives it away.",
        Recipe(shape=(3, 5, 4, 5)),
        _LAST,
    ),
    CaseRow(
        "c-equals-w-nchw-float64",
        "Parameters broadcast along W in the float64 kernel alone, where C = W = 5.",
        Recipe(shape=(3, 5, 4, 5), types="float64"),
        _LAST,
    ),
    CaseRow(
        "c-equals-w-nchw-test",
        "Running statistics broadcast along W in test mode, where C = W = 5.",
        Recipe(shape=(3, 5, 4, 5), training=False),
        _LAST,
    ),
    CaseRow(
        "c-equals-h-nhwc",
        "Parameters broadcast along H of channels-last images, where C = H = 5.",
        Recipe(shape=(3, 5, 4, 5), axis=3),
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "c-equals-n",
        "Statistics over C in place of N: a square matrix hides it from every shape check.",
        Recipe(shape=(5, 5)),
    ),
    CaseRow(
        "c-equals-n-float64",
        "A float64 square matrix handed to a library that takes the other order of axes.",
        Recipe(shape=(5, 5), types="float64"),
    ),
    CaseRow(
        "c-equals-l",
        "Gamma broadcast along L of (N, C, L) input, where C = L = 5.",
        Recipe(shape=(4, 5, 5)),
        _LAST,
    ),
    CaseRow(
        "all-equal-nchw",
        "Axes read in any wrong order: N, C, H and W are all 3.",
        Recipe(shape=(3, 3, 3, 3)),
        ("axis-ignored-channels-first", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "all-equal-nhwc",
        "Channels-last taken for channels-first: N, H, W and C are all 3.",
        Recipe(shape=(3, 3, 3, 3), axis=3),
        ("axis-ignored-channels-first", "bwd-input-layout-reinterpreted"),
    ),
    CaseRow(
        "axis-in-the-middle",
        "A channel axis that is neither first nor last after N, moved by a fixed permutation.",
        Recipe(shape=(3, 4, 5, 2), axis=2),
        ("axis-ignored-channels-first",),
    ),
    CaseRow(
        "many-images",
        "770 images of one pixel: a grid or a loop over the batch that ends at 768.",
        Recipe(shape=(770, 2, 1, 1)),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "many-images-float64",
        "A batch of 770 images cut off at 768 in float64.",
        Recipe(shape=(770, 2, 1, 1), types="float64"),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "wide-images-float64",
        "Rows of 1030 float64 pixels, left as they were.",
        Recipe(shape=(1, 2, 2, 1030), types="float64"),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "c-130-test-float64",
        "The statistics of channel c % 128 in test mode.",
        Recipe(shape=(2, 130), types="float64").test,
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "c-130-nchw-float64",
        "Gamma of channel c % 128 for images, or a dbeta that ends at channel 128.",
        Recipe(shape=(2, 130, 1, 2), types="float64"),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "wide-images",
        "Rows of 1030 pixels, for which 1024 // W threads are none.",
        Recipe(shape=(1, 2, 2, 1030)),
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "wide-images-test",
        "Rows of 1030 pixels in test mode, where nothing but y would tell that they are left.",
        Recipe(shape=(1, 2, 1, 1030)).test,
        ("last-partial-block-dropped",),
    ),
    CaseRow(
        "many-channels-few-values",
        "Sums divided by C in place of M, 1025 in place of 2, or a launch with its axes exchanged.",
        Recipe(shape=(2, 1025)),
        ("count-uses-channels", "running-rmw-race"),
    ),
)
