"""Test mode: what is kept is what counts."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import VARIED, given, normal, signed, uniform

ABOUT = "Test mode with running statistics that are nothing like the batch's; they stay as given."

_TEST = NC.test
_DOUBLE = _TEST.but(types="float64")

ROWS = (
    CaseRow(
        "buffers-unchanged",
        "Running statistics updated by a test-mode call; momentum 1 would replace them whole.",
        _TEST.but(momentum=1.0),
        ("running-updated-in-eval",),
    ),
    CaseRow(
        "buffers-unchanged-nchw",
        "Running statistics of images updated by a test-mode call.",
        NCHW.test.but(momentum=1.0),
        ("running-updated-in-eval",),
    ),
    CaseRow(
        "variance-large",
        "A forgotten division by the standard deviation, a thousandfold in y.",
        _TEST.but(running_var=uniform(5e5, 2e6)),
        ("eval-missing-std", "eval-dx-missing-invstd"),
    ),
    CaseRow(
        "variance-small",
        "Running variance of 1e-4 replaced by 1, as in a layer that was never loaded.",
        _TEST.but(running_var=uniform(5e-5, 2e-4)),
        ("eval-missing-std",),
    ),
    CaseRow(
        "variance-tiny",
        "Eps left out of the root where the running variance is a thousandth of it.",
        _TEST.but(running_var=uniform(5e-9, 2e-8)),
        ("eps-outside-sqrt",),
    ),
    CaseRow(
        "variance-zero",
        "Division by a running variance of 0 without eps, or one replaced by 1.",
        _TEST.but(running_var=given(0.0)),
        ("eps-lost-in-half", "std-gradient-nan-constant-channel"),
    ),
    CaseRow(
        "variance-zero-one-channel",
        "One dead channel (running variance 0) that spoils its neighbours in a vector kernel.",
        _DOUBLE.but(running_var=uniform(5.0, 12.0).but_channel(3, given(0.0))),
    ),
    CaseRow(
        "variance-below-one",
        "The inverse variance, or the root of the root, where variances lie between 0.1 and 0.4.",
        _TEST.but(running_var=uniform(0.1, 0.4)),
        ("inv-variance-not-invstd", "var-plus-eps-squared"),
    ),
    CaseRow(
        "stored-inverse",
        "A running variance taken for a stored standard deviation.",
        _DOUBLE.but(running_var=uniform(9.0, 64.0)),
        ("inv-variance-not-invstd",),
    ),
    CaseRow(
        "mean-large",
        "A running mean that is not subtracted.",
        _TEST.but(running_mean=signed(80.0, 120.0)),
        ("eval-mean-not-subtracted",),
    ),
    CaseRow(
        "mean-zero",
        "A running mean of 0 taken for 'not yet tracked' and replaced by the batch's.",
        _TEST.but(running_mean=given(0.0)),
        ("eval-uses-batch-stats", "debias-divide-by-zero"),
    ),
    CaseRow(
        "fresh-layer",
        "A bias correction that divides by 1 - (1 - m)^0 = 0 before the first training step.",
        _TEST.but(running_mean=given(0.0), running_var=given(1.0)),
        ("debias-divide-by-zero",),
    ),
    CaseRow(
        "fresh-layer-nhwc",
        "The same division by 0 in a channels-last layer.",
        NHWC.test.but(running_mean=given(0.0), running_var=given(1.0)),
        ("debias-divide-by-zero",),
    ),
    CaseRow(
        "close-to-batch",
        "Dgamma and dx of the training formula where the statistics nearly agree with the batch's.",
        _DOUBLE.but(x=normal(1.0, 2.0), running_mean=given(1.0), running_var=given(4.0)),
        ("eval-dx-uses-train-formula",),
    ),
    CaseRow(
        "negative-scale",
        "The absolute value of gamma folded into the scale of an inference graph.",
        _TEST.but(gamma=uniform(-2.0, -0.5)),
        ("compiled-eval-folding",),
    ),
    CaseRow(
        "compiled-images",
        "An inference graph that folds gamma / sqrt(var + eps) but drops the folded shift.",
        NCHW.test.but(running_mean=signed(20.0, 30.0), beta=signed(3.0, 5.0)),
        ("compiled-eval-folding", "eval-mean-not-subtracted"),
    ),
    CaseRow(
        "sample-alone",
        "Statistics of groups of the batch (ghost batches) used in test mode; every row is "
        "far from the others.",
        _TEST.but(x=VARIED.times(10.0)),
        ("virtual-batch-in-eval",),
    ),
    CaseRow(
        "far-statistics-float64",
        "Test-mode dgamma from a batch xhat: the running mean is 40 deviations away.",
        _DOUBLE.but(running_mean=signed(40.0, 60.0), running_var=uniform(0.5, 2.0)),
        ("eval-bwd-uses-batch-stats", "eval-uses-batch-stats"),
    ),
    CaseRow(
        "far-statistics-nhwc",
        "Batch statistics used in test mode by a channels-last kernel alone.",
        NHWC.test.but(running_mean=signed(40.0, 60.0), running_var=uniform(0.5, 2.0)),
        ("eval-uses-batch-stats",),
    ),
)
