"""Constants that float32 cannot hold: what a kernel rounds when it keeps eps as float32."""

from __future__ import annotations

from conformance.cases.catalogue.families.eps import comparable
from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC

ABOUT = "Eps and momentum NOT exact in float32, as users type them; all other families' are."

_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "eps-1e-5-float64",
        "Eps = 1e-5 kept as float32 in a float64 path: 2.5e-9 off, relative to var + eps.",
        comparable(1e-5).but(types="float64"),
        ("eps-hardcoded",),
    ),
    CaseRow(
        "eps-1e-3-float32",
        "Eps = 1e-3 rounded to float16 or bfloat16 on its way into a float32 kernel.",
        comparable(1e-3),
        ("eps-lost-in-half",),
    ),
    CaseRow(
        "eps-1e-5-ordinary",
        "Nothing more than float32 eps costs on ordinary data: 1e-14 at a variance near 1, "
        "which a float64 path must still resolve.",
        _DOUBLE.but(eps=1e-5),
    ),
    CaseRow(
        "momentum-0.1-float64",
        "Momentum 0.1 kept as float32 in a float64 update of the running statistics.",
        _DOUBLE.but(momentum=0.1),
        ("momentum-swapped",),
    ),
    CaseRow(
        "momentum-0.9-float64",
        "1 - 0.9 formed in float32, so that the old value's weight is off by 2e-8.",
        _DOUBLE.but(momentum=0.9),
        ("momentum-swapped",),
    ),
    CaseRow(
        "momentum-0.01-float32",
        "Momentum as 1 - 0.99 rounded in bfloat16 or float16 ahead of a float32 update.",
        NC.but(momentum=0.01),
        ("running-ema-in-half",),
    ),
    CaseRow(
        "momentum-third-history",
        "A momentum of 1/3 whose rounding error grows with every update, in float64.",
        _DOUBLE.but(momentum=1.0 / 3.0, earlier=2),
        ("momentum-none-cma",),
    ),
)
