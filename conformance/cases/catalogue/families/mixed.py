"""Half-precision input with float32 parameters: what training in mixed precision feeds."""

from __future__ import annotations

from conformance.cases.catalogue.families.half import NEARLY_ZERO
from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.upstream import constant
from conformance.cases.catalogue.values import given, normal, signed, uniform

ABOUT = "Half-precision input with float32 parameters: whose range and precision must be kept."

_HALF = NC.but(types="float16+float32")
_BRAIN = NC.but(types="bfloat16+float32")
_IMAGES = NCHW.but(types="float16+float32")
_CANCELLING = {"x": given(*NEARLY_ZERO), "gamma": given(1.5), "beta": given(-0.989)}

ROWS = (
    CaseRow(
        "squares-overflow",
        "Squares of float16 values around 400 formed before the conversion to float32.",
        _HALF.but(x=normal(100.0, 400.0)),
        ("half-square-overflow",),
    ),
    CaseRow(
        "sum-overflows",
        "The sum of six float16 values near 20000, above 65504, kept in float16.",
        _HALF.but(x=normal(2e4, 2e3)),
        ("half-accumulation",),
    ),
    CaseRow(
        "sum-overflows-images",
        "The sum of 120 float16 values near 1000, above 65504, kept in float16.",
        _IMAGES.but(x=normal(1000.0, 300.0)),
        ("half-accumulation",),
    ),
    CaseRow(
        "sum-overflows-nhwc",
        "Partial sums over H*W of channels-last float16 images that pass 65504.",
        NHWC.but(types="float16+float32", x=normal(-2000.0, 500.0)),
        ("half-accumulation",),
    ),
    CaseRow(
        "dbeta-overflows",
        "A dbeta of 120000, which float32 holds, summed or returned as float16.",
        _IMAGES.but(dy=constant(1000.0)),
        ("half-accumulation", "params-downcast-to-half"),
    ),
    CaseRow(
        "variance-overflows",
        "A batch variance of 9e6, which float32 holds, saved as float16.",
        _HALF.but(x=normal(0.0, 3000.0)),
        ("saved-stats-in-half", "half-square-overflow"),
    ),
    CaseRow(
        "running-variance-overflows",
        "A running variance of 1e5 to 1e6 cast to float16: infinite, and y is beta.",
        _HALF.test.but(x=normal(0.0, 600.0), running_var=uniform(1e5, 1e6)),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "running-variance-overflows-train",
        "A float32 running variance above 65504 that is updated in float16.",
        _HALF.but(running_var=uniform(1e5, 1e6)),
        ("running-ema-in-half", "params-downcast-to-half"),
    ),
    CaseRow(
        "running-variance-overflows-bfloat16",
        "A running variance of 1e5 to 1e6 rounded to the 8 bits of bfloat16.",
        _BRAIN.test.but(x=normal(0.0, 600.0), running_var=uniform(1e5, 1e6)),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "running-update-vanishes",
        "A running mean of 1000 that a float16 update with momentum 2^-13 does not move.",
        _HALF.but(running_mean=signed(1000.0, 1001.0), momentum=2.0**-13),
        ("running-ema-in-half",),
    ),
    CaseRow(
        "fine-parameters",
        "Gamma and beta that differ from 1 and 0.5 by less than float16 can tell.",
        _HALF.but(gamma=uniform(1.0, 1.0004), beta=uniform(0.5, 0.5002), x=normal(0.0, 1.0)),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "fine-statistics-test",
        "A running mean that is rounded to bfloat16: off by up to 1/4 where x - mean is near 1.",
        _BRAIN.test.but(x=normal(100.0, 2.0), running_mean=uniform(99.0, 101.0)),
        ("params-downcast-to-half",),
    ),
    CaseRow(
        "y-near-zero-bfloat16",
        "Xhat rounded to bfloat16 before scale and shift, which nearly cancel in one y.",
        _BRAIN.but(**_CANCELLING),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "y-near-zero-float16",
        "Xhat rounded to float16 before scale and shift, which nearly cancel in one y.",
        _HALF.but(**_CANCELLING),
        ("folded-affine-cancellation",),
    ),
    CaseRow(
        "long-sum-float16",
        "Dbeta of 4096 gradients of 8 accumulated in float16: it stops at 16384.",
        Recipe(shape=(4096, 2), types="float16+float32", dy=constant(8.0)),
        ("half-accumulation",),
    ),
    CaseRow(
        "long-sum-bfloat16",
        "Dbeta of 3136 gradients of 1 accumulated in bfloat16: it stops at 256.",
        Recipe(shape=(4, 6, 28, 28), types="bfloat16+float32", dy=constant(1.0)),
        ("half-accumulation", "low-precision-atomics"),
    ),
    CaseRow(
        "tiny-gradient",
        "Upstream gradients of a scaled-down loss, subnormal in float16, flushed to zero.",
        _HALF.but(dy=constant(3e-6)),
        ("denormal-flush",),
    ),
    CaseRow(
        "dx-subnormal",
        "A dx that is subnormal in float16 flushed to zero, or rounded twice on the way.",
        _HALF.but(gamma=signed(1e-5, 4e-5)),
        ("denormal-flush",),
    ),
)
