"""The worked settings of the five documents that this suite grew out of."""

from __future__ import annotations

from conformance.cases.catalogue.families.eps import comparable
from conformance.cases.catalogue.recipe import CaseRow, Recipe, single
from conformance.cases.catalogue.shapes import NC, NCHW, PER_POSITION
from conformance.cases.catalogue.upstream import PARALLEL, constant
from conformance.cases.catalogue.values import VARIED, given, normal, signed, uniform

ABOUT = "Five documents on the backward pass: their settings, their mistakes, their numbers."

_COURSE = NC.but(
    momentum=single(0.1),  # the course's 0.9 weights the old value
    running_mean=given(0.0),
    running_var=given(0.0),
)
_COMMENT = Recipe(
    shape=(1, 1),
    types="float64",
    training=False,
    eps=single(1e-7),
    x=given(2.107175067067146301e-02),
    dy=constant(1.0),
    gamma=None,
    beta=given(0.04061257),
    running_mean=given(-0.0013569),
    running_var=given(4.48082483e-06),
)
_ASSIGNMENT = (
    CaseRow(
        "assignment-train",
        "The update 0.9 * new + 0.1 * old of the block marked 'Wrong code', from zero.",
        _COURSE,
        ("momentum-swapped",),
    ),
    CaseRow(
        "assignment-train-float64",
        "The summary's gradient of mu through the variance, used without its column sum.",
        _COURSE.but(types="float64"),
        ("dx-dmu-unsummed",),
    ),
    CaseRow(
        "assignment-dgamma",
        "The summary's dgamma, the product of two sums: it is 0 whatever the input.",
        _COURSE.but(dy=PARALLEL),
        ("dgamma-separable",),
    ),
    CaseRow(
        "assignment-test",
        "The test-mode forward that subtracts the running mean and forgets to divide by std.",
        NC.test.but(momentum=single(0.1)),
        ("eval-missing-std",),
    ),
    CaseRow(
        "assignment-test-float64",
        "The same forward with its dgamma, built from the undivided xhat; dx is right.",
        NC.test.but(momentum=single(0.1), types="float64", running_var=uniform(0.01, 0.04)),
        ("eval-missing-std",),
    ),
    CaseRow(
        "assignment-test-from-zero",
        "Test mode before any training: the running variance is 0, only eps keeps it finite.",
        _COURSE.test,
        ("eval-missing-std", "debias-divide-by-zero"),
    ),
)

_QUESTION = (
    CaseRow(
        "question-train",
        "B = input.shape[0] in place of N*H*W in both mean terms of dx.",
        NCHW.but(momentum=single(0.1)),
        ("dx-divides-by-batch",),
    ),
    CaseRow(
        "question-running-far",
        "layer.running_mean and running_var in place of the batch's in the backward pass.",
        NCHW.but(running_mean=signed(30.0, 50.0), running_var=uniform(100.0, 200.0)),
        ("train-bwd-uses-running-stats", "train-uses-running-stats"),
    ),
    CaseRow(
        "question-dgamma-output",
        "dgamma = sum(dy * output): wrong by gamma and by beta * sum(dy).",
        NCHW.but(types="float64", beta=signed(2.0, 3.0)),
        ("dgamma-uses-y",),
    ),
    CaseRow(
        "question-fresh-layer",
        "The running statistics of a fresh layer (0 and 1) in its backward pass; the wrong dgamma, "
        "which the asker found correct, is so here.",
        NCHW.but(
            gamma=given(1.0), beta=given(0.0), running_mean=given(0.0), running_var=given(1.0)
        ),
        ("train-bwd-uses-running-stats",),
    ),
    CaseRow(
        "answer-gamma-view",
        "Gamma not viewed as (1, C, 1, 1): broadcast along W, silently where W = C = 5.",
        Recipe(shape=(3, 5, 4, 5), momentum=single(0.1)),
        ("affine-broadcast-on-last-axis", "param-grads-keepdim"),
    ),
)

_DERIVATION = (
    CaseRow(
        "derivation-images",
        "dx without one of its two 1/NHW terms, on images of three channels.",
        NCHW.but(types="float64", dy=constant(0.7)),
        ("dx-divides-by-batch",),
    ),
    CaseRow(
        "derivation-saved-inverse",
        "'savedInvVariance' implemented as its name says: 1 / (var + eps).",
        NCHW.but(x=normal(0.5, 5.0)),
        ("inv-variance-not-invstd",),
    ),
    CaseRow(
        "derivation-per-activation",
        "Mode [1], per activation, computed as mode [2], spatial.",
        PER_POSITION.but(x=normal(0.5, 5.0)),
        ("per-activation-stats",),
    ),
    CaseRow(
        "derivation-persistent",
        "Mode [3], persistent, whose reduction in integers overflows on large values.",
        NCHW.but(x=normal(3e4, 2e4), running_var=uniform(1e8, 9e8)),
        ("persistent-mode-overflow",),
    ),
)

_ALTERNATIVE = (
    CaseRow(
        "alternative-train",
        "y = gamma * xhat - beta, as the draft's first formula says.",
        NC.but(beta=signed(2.0, 3.0)),
        ("beta-sign-flip",),
    ),
    CaseRow(
        "alternative-dgamma",
        "dgamma = sum(dy * x), as the draft's equations (2) and (3) say.",
        NC.but(types="float64", x=normal(5.0, 2.0)),
        ("dgamma-uses-x",),
    ),
    CaseRow(
        "alternative-line-lost",
        "The continuation line '* gamma / np.sqrt(var + eps)' of dx lost.",
        NC.but(gamma=signed(2.0, 3.0), x=VARIED.times(0.125)),
        ("dx-scale-line-lost",),
    ),
    CaseRow(
        "alternative-sigma-small",
        "(sigma + eps) where sqrt(var + eps) is meant: sigma is near 0.004, eps near 1e-5.",
        comparable(single(1e-5)).but(types="float64"),
        ("eps-outside-sqrt",),
    ),
    CaseRow(
        "alternative-sigma-small-eps-large",
        "The two conventions at eps = 0.1, where they part by half.",
        comparable(single(0.1)),
        ("eps-outside-sqrt", "dx-sqrt-of-std-plus-eps"),
    ),
    CaseRow(
        "alternative-root-of-std",
        "The last snippet's division by sqrt(std + eps): std is near 0.05.",
        NC.but(x=normal(0.1, 0.05), running_var=uniform(0.002, 0.01)),
        ("dx-sqrt-of-std-plus-eps",),
    ),
)

_STAGED = (
    CaseRow(
        "staged-nine-steps",
        "Any one of the nine steps without its factor: 0.5 in step 5, 2 in step 3, 1/N in 2 and 4.",
        NC.but(types="float64", x=normal(0.5, 3.0)),
        ("dx-stats-constant", "dx-dmu-unsummed"),
    ),
    CaseRow(
        "staged-sums",
        "Dgamma and dbeta divided by N, as readers ask whether they should be.",
        NC.but(dy=constant(2.0)),
        ("param-grads-averaged", "param-grads-averaged-over-batch"),
    ),
    CaseRow(
        "staged-running-std",
        "'Running mean + std': a standard deviation kept where the variance is meant.",
        NC.but(momentum=1.0, x=normal(0.5, 3.0)),
        ("running-var-stores-std",),
    ),
    CaseRow(
        "comment-float64",
        "A framework's eps of 1e-3 in a reader's calculation: xhat is 10.479, not 0.75.",
        _COMMENT,
        ("eps-hardcoded",),
    ),
    CaseRow(
        "comment-float32",
        "The same numbers in float32, where an eps of 1e-7 must not be raised to 1e-5.",
        _COMMENT.but(types="float32"),
        ("eps-hardcoded", "eps-clamped-min"),
    ),
    CaseRow(
        "comment-column",
        "The same statistics for a column of inputs of their scale, in a layer without gamma.",
        _COMMENT.but(shape=(6, 8), types="float32", x=normal(0.0, 0.02)),
        ("eps-hardcoded", "gamma-none-is-zero"),
    ),
)

ROWS = (*_ASSIGNMENT, *_QUESTION, *_DERIVATION, *_ALTERNATIVE, *_STAGED)
