"""Folded weights at the ends of a type: y fits, and what it is folded into does not."""

from __future__ import annotations

from conformance.cases.catalogue.values import given, normal, signed, uniform
from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "Numbers that fit before a batch normalization is folded, and do not afterwards."

CONV = Deployed(shape=(1, 4, 3, 3), op=Op(kind="conv", out=4, kernel=3, padding=1), types="float16")
LINEAR = Deployed(shape=(3, 6), op=Op(kind="linear", out=4), types="float16")


def _scaled(scale: float, source: Deployed) -> Deployed:
    return source.but(gamma=signed(0.5, 2.0).times(scale), beta=signed(0.3, 1.5).times(scale))


def _steep(source: Deployed, weight: float, x: float) -> Deployed:
    """Weights that grow beyond float16 by the scale of a small variance, over small x."""
    assert source.op is not None  # noqa: S101 - of this file
    op = Op(
        kind=source.op.kind,
        out=source.op.out,
        kernel=source.op.kernel,
        padding=source.op.padding,
        weight=normal(0.0, weight),
    )
    return source.but(
        op=op, x=normal(0.0, x), var=uniform(2.0**-14, 2.0**-13), mean=signed(0.01, 0.05)
    )


ROWS = (
    DeployedRow(
        "weights-beyond-float16",
        "w times a scale of 2^11 overflows in float16, though y fits.",
        _steep(CONV, 4096.0, 2.0**-15),
    ),
    DeployedRow(
        "weights-beyond-float16-linear",
        "The same of a linear layer.",
        _steep(LINEAR, 4096.0, 2.0**-15),
    ),
    DeployedRow(
        "weights-subnormal",
        "w times a scale of 2^-12 is subnormal in float16, and loses bits.",
        _scaled(2.0**-12, CONV),
    ),
    DeployedRow(
        "weights-vanishing",
        "w times a scale of 2^-16 has a bit or none in float16.",
        _scaled(2.0**-16, CONV),
    ),
    DeployedRow(
        "shift-beyond-float16",
        "beta - mean s is beyond float16, though y fits.",
        LINEAR.but(
            x=normal(64.0, 0.25),
            op=Op(kind="linear", out=4, weight=uniform(0.5, 1.0)),
            mean=given(112.0, 114.0, 116.0, 118.0),
            var=uniform(2.0**-13, 2.0**-12),
            gamma=signed(6.0, 8.0),
        ),
    ),
    DeployedRow(
        "eps-vanishing-float16",
        "An eps of 1e-8 is 0 in float16, and the variance of a dead channel is 0 as well.",
        CONV.but(
            eps=1e-8,
            var=given(0.0, 1.0, 0.5, 2.0),
            gamma=given(2.0**-12, 1.0, -1.0, 0.5),
        ),
    ),
    DeployedRow(
        "eps-subnormal-float16",
        "An eps of 1e-5 is subnormal in float16, beside a variance that is not larger.",
        CONV.but(var=given(2.0**-17, 2.0**-16, 2.0**-15, 2.0**-14), gamma=signed(2.0**-8, 2.0**-7)),
    ),
    DeployedRow(
        "shift-beyond-half-float32",
        "A float32 model saved with half weights: beta - mean s is beyond float16.",
        Deployed(
            shape=(3, 6),
            op=Op(kind="linear", out=4),
            mean=signed(2000.0, 4000.0),
            var=uniform(2.0**-10, 2.0**-9),
        ),
    ),
    DeployedRow(
        "eps-small-float32",
        "A float32 model saved with half constants: its eps of 1e-8 is 0 there.",
        Deployed(
            shape=(1, 4, 3, 3),
            op=Op(kind="conv", out=4, kernel=3, padding=1),
            eps=1e-8,
            var=given(0.0, 1.0, 0.5, 2.0),
            gamma=given(2.0**-12, 1.0, -1.0, 0.5),
        ),
    ),
    DeployedRow(
        "bfloat16-small",
        "w times a scale of 2^-16 in bfloat16, whose range is that of float32: nothing is lost.",
        _scaled(2.0**-16, CONV).of("bfloat16"),
    ),
)
