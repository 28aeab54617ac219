"""Momentum: the weight of the new batch, from none to all."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, single
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import given, normal, signed, uniform

ABOUT = "Running statistics under momentum 0, 0.1, 0.3, 0.9, 1 and from unusual starts."

_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "zero",
        "Momentum 0 taken for 'not given' and replaced by a default.",
        NC.but(momentum=0.0),
        ("momentum-swapped", "momentum-none-cma"),
    ),
    CaseRow(
        "zero-nchw",
        "Momentum 0 of images that overwrites the running statistics.",
        NCHW.but(momentum=0.0),
        ("running-stats-overwritten",),
    ),
    CaseRow(
        "tenth",
        "Momentum 0.1 applied to the old value, as in 0.1 * old + 0.9 * new.",
        NC.but(momentum=single(0.1)),
        ("momentum-swapped",),
    ),
    CaseRow(
        "three-tenths",
        "Weights that do not sum to 1, such as old + 0.3 * new.",
        _DOUBLE,
        ("momentum-swapped", "running-stats-overwritten"),
    ),
    CaseRow(
        "half",
        "Nothing about the order of the weights (both are 1/2), but a frozen running variance.",
        NC.but(momentum=0.5),
        ("running-var-frozen", "running-stats-frozen"),
    ),
    CaseRow(
        "nine-tenths",
        "Momentum 0.9 applied to the old value, as layers with the other convention do.",
        NC.but(momentum=single(0.9)),
        ("momentum-swapped",),
    ),
    CaseRow(
        "nine-tenths-nhwc",
        "Momentum exchanged in the channels-last kernel alone.",
        NHWC.but(momentum=single(0.9)),
        ("momentum-swapped",),
    ),
    CaseRow(
        "one",
        "The biased variance stored: momentum 1 makes the running variance the N-1 variance.",
        NC.but(momentum=1.0),
        ("running-var-wrong-estimator",),
    ),
    CaseRow(
        "one-nchw",
        "The N-1 correction of images with N in place of N*H*W.",
        NCHW.but(momentum=1.0),
        ("bessel-uses-batch-only",),
    ),
    CaseRow(
        "one-float64",
        "The standard deviation stored in place of the variance.",
        _DOUBLE.but(momentum=1.0),
        ("running-var-stores-std",),
    ),
    CaseRow(
        "hundredth",
        "A small update lost: momentum 0.01 on a running mean of 4.",
        NC.but(momentum=single(0.01)),
        ("running-stats-frozen",),
    ),
    CaseRow(
        "from-zero",
        "Running statistics that start at 0 taken for 'first batch' and replaced whole.",
        NC.but(running_mean=given(0.0), running_var=given(0.0)),
        ("running-stats-overwritten",),
    ),
    CaseRow(
        "from-fresh",
        "An update by a factor: with mean 0 and variance 1 an old value that is dropped shows "
        "in the variance alone.",
        NC.but(running_mean=given(0.0), running_var=given(1.0)),
        ("running-stats-overwritten", "running-rmw-race"),
    ),
    CaseRow(
        "from-far",
        "An update applied twice, or once per block: a running mean near 1000 decays visibly.",
        NC.but(running_mean=signed(900.0, 1100.0), running_var=uniform(900.0, 1100.0)),
        ("running-rmw-race",),
    ),
    CaseRow(
        "from-far-nchw",
        "An update applied once per image of the batch.",
        NCHW.but(running_mean=signed(900.0, 1100.0), running_var=uniform(900.0, 1100.0)),
        ("running-rmw-race",),
    ),
    CaseRow(
        "above-one",
        "A momentum of 1.5, which moves beyond the batch, clamped to 1.",
        NC.but(momentum=1.5),
    ),
    CaseRow(
        "above-one-nchw-float64",
        "A momentum above 1 clamped for images.",
        NCHW.but(momentum=1.5, types="float64"),
    ),
    CaseRow(
        "normalizes-by-batch",
        "Training mode that normalizes by the updated running statistics.",
        NC.but(momentum=single(0.7), x=normal(-3.0, 0.5)),
        ("train-uses-blended-stats", "train-uses-running-stats"),
    ),
    CaseRow(
        "backward-by-batch",
        "A training backward pass that is built from the running statistics.",
        NCHW.but(x=normal(2.0, 0.25), running_var=uniform(50.0, 90.0)),
        ("train-bwd-uses-running-stats",),
    ),
)
