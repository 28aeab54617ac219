"""Two small matrices that part correct code from most mistakes: variance of eps's size, and not."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import normal, signed, uniform

ABOUT = "Variances of the size of eps and of 1 side by side, small M, momentum 0.3."


def _near_eps(base: Recipe) -> Recipe:
    return base.but(
        x=normal(2e-3, 3e-3),
        running_mean=signed(3e-3, 8e-3),
        running_var=uniform(5e-6, 2e-5),
    )


def _near_one(base: Recipe) -> Recipe:
    return base.but(
        x=normal(1.0, 1.0), running_mean=signed(0.5, 2.0), running_var=uniform(0.5, 2.0)
    )


_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "a-train-float32",
        "Eps outside the root, doubled or dropped; 1 / var for 1 / sqrt(var): var is about eps.",
        _near_eps(NC),
        ("eps-outside-sqrt", "inv-variance-not-invstd", "dx-scale-line-lost"),
    ),
    CaseRow(
        "a-train-float64",
        "A variance path of dx with the exponent -1/2 for -3/2, a factor of 1e5 here.",
        _near_eps(_DOUBLE),
        ("dx-sqrt-of-std-plus-eps", "dx-scale-line-lost"),
    ),
    CaseRow(
        "a-test-float32",
        "Test mode without the division, where 1 / std is near 200.",
        _near_eps(NC).test,
        ("eval-missing-std", "eval-dx-missing-invstd"),
    ),
    CaseRow(
        "a-test-float64",
        "Test-mode gradients that take 1 / running_var for 1 / (running_var + eps).",
        _near_eps(_DOUBLE).test,
        ("eps-outside-sqrt", "eval-dx-missing-invstd"),
    ),
    CaseRow(
        "b-train-float32",
        "Terms of the running statistics exchanged: batch and running ones are of one size.",
        _near_one(NC),
        ("momentum-swapped", "train-uses-running-stats", "train-bwd-uses-running-stats"),
    ),
    CaseRow(
        "b-train-float64",
        "The N-1 variance in dx alone: 20% at M = 6, no matter the scale.",
        _near_one(_DOUBLE),
        ("unbiased-var-in-normalise", "running-var-wrong-estimator"),
    ),
    CaseRow(
        "b-test-float32",
        "The batch's statistics in test mode, close to the running ones in size.",
        _near_one(NC).test,
        ("eval-uses-batch-stats",),
    ),
    CaseRow(
        "b-test-float64",
        "The training-mode dx in test mode, at ordinary scale.",
        _near_one(_DOUBLE).test,
        ("eval-dx-uses-train-formula", "eval-bwd-uses-batch-stats"),
    ),
    CaseRow(
        "a-train-nchw",
        "N for N*H*W together with a variance of eps's size.",
        _near_eps(NCHW),
        ("dx-divides-by-batch", "eps-outside-sqrt"),
    ),
    CaseRow(
        "b-train-nhwc",
        "Statistics per image of channels-last input, at ordinary scale.",
        _near_one(NHWC),
        ("per-sample-stats", "axis-ignored-channels-first"),
    ),
    CaseRow(
        "a-train-no-affine",
        "A default gamma that hides the lost factor 1 / std of dx: there is none here.",
        _near_eps(NC).but(gamma=None, beta=None),
        ("dx-scale-line-lost",),
    ),
    CaseRow(
        "a-train-bfloat16-params-float32",
        "The mean rounded to bfloat16 before it is subtracted, at a variance of eps's size.",
        _near_eps(NC).but(types="bfloat16+float32"),
        ("saved-stats-in-half",),
    ),
)
