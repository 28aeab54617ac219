"""Several batches in a row: the running statistics after three updates."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow, single
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import given, offset

ABOUT = "Running statistics after two earlier batches and x, each update on the last."

_THREE = NC.but(earlier=2)

ROWS = (
    CaseRow(
        "three-float32",
        "Only the last batch's update kept, or each applied to the initial value.",
        _THREE,
        ("running-stats-overwritten",),
    ),
    CaseRow(
        "three-float64",
        "Running statistics kept in float32 between the steps of a float64 layer.",
        _THREE.but(types="float64"),
        ("running-ema-in-half",),
    ),
    CaseRow(
        "three-float16-params-float32",
        "Running statistics rounded to float16 between the steps of a mixed layer.",
        _THREE.but(types="float16+float32"),
        ("running-ema-in-half",),
    ),
    CaseRow(
        "three-bfloat16-params-float32",
        "Running statistics rounded to bfloat16 between the steps of a mixed layer.",
        _THREE.but(types="bfloat16+float32"),
        ("running-ema-in-half",),
    ),
    CaseRow(
        "three-nchw",
        "A count carried over from the first batch to the N-1 correction of the third.",
        NCHW.but(earlier=2),
        ("bessel-uses-batch-only",),
    ),
    CaseRow(
        "three-nhwc",
        "Statistics of an earlier batch cached by shape and used again.",
        NHWC.but(earlier=2),
        ("running-stats-frozen",),
    ),
    CaseRow(
        "three-momentum-tenth",
        "Weights exchanged: after three steps the first batch weighs 0.081, not 0.009.",
        _THREE.but(momentum=single(0.1)),
        ("momentum-swapped",),
    ),
    CaseRow(
        "three-momentum-nine-tenths",
        "Weights exchanged the other way round: the last batch must weigh 0.9.",
        _THREE.but(momentum=single(0.9)),
        ("momentum-swapped",),
    ),
    CaseRow(
        "three-momentum-one",
        "A cumulative average in place of the last batch's statistics at momentum 1.",
        _THREE.but(momentum=1.0),
        ("momentum-none-cma",),
    ),
    CaseRow(
        "three-momentum-zero",
        "Running statistics that drift although the momentum is 0.",
        _THREE.but(momentum=0.0),
        ("momentum-none-cma",),
    ),
    CaseRow(
        "three-from-zero",
        "A bias correction (division by 1 - (1 - m)^t) applied to statistics that start at 0.",
        _THREE.but(running_mean=given(0.0), running_var=given(0.0)),
        ("debias-divide-by-zero",),
    ),
    CaseRow(
        "three-offset",
        "A running mean of about 100 deviations updated by differences that cancel.",
        _THREE.but(x=offset(100)),
        ("single-pass-variance",),
    ),
    CaseRow(
        "six",
        "An average over a window of the last few batches: the first of six must still weigh.",
        NC.but(earlier=5, momentum=0.5),
        ("momentum-none-cma",),
    ),
)
