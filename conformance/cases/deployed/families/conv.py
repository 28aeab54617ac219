"""A convolution and the batch normalization of what it gives."""

from __future__ import annotations

from conformance.cases.catalogue.values import given
from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "A convolution before a batch normalization."

ONE = Op(kind="conv", out=5)
THREE = Op(kind="conv", out=5, kernel=3, padding=1)
NCL = Deployed(shape=(2, 4, 9), op=THREE)
NCHW = Deployed(shape=(2, 4, 5, 4), op=THREE)
NHWC = NCHW.but(shape=(2, 5, 4, 4), axis=3)
NCDHW = Deployed(shape=(1, 3, 3, 4, 3), op=Op(kind="conv", out=4, kernel=2))

_STORED = "Folded weights stored in a half type, whose roundings grow with what cancels."

ROWS = (
    DeployedRow("ncl-float32", "A convolution of one axis that is made one of two.", NCL),
    DeployedRow("1x1-float32", "A pointwise convolution made a matrix product.", NCHW.but(op=ONE)),
    DeployedRow("3x3-float32", "The shift folded in without the mean times the scale.", NCHW),
    DeployedRow("3x3-float64", "Folding in float32 of a float64 model.", NCHW.of("float64")),
    DeployedRow("3x3-float16", _STORED, NCHW.of("float16")),
    DeployedRow("3x3-bfloat16", _STORED, NCHW.of("bfloat16")),
    DeployedRow(
        "3x3-float16-params-float32",
        "float32 statistics that are rounded to the type of the weights before they are folded.",
        NCHW.of("float16+float32"),
    ),
    DeployedRow(
        "no-bias",
        "A convolution without a bias that gets none from the normalization.",
        NCHW.but(op=Op(kind="conv", out=5, kernel=3, padding=1, bias=False)),
    ),
    DeployedRow(
        "square",
        "A weight scaled along its inputs where it has as many outputs.",
        NCHW.but(op=Op(kind="conv", out=4, kernel=3, padding=1)),
    ),
    DeployedRow(
        "strided",
        "A stride that is lost when the layer is written anew.",
        NCHW.but(op=Op(kind="conv", out=5, kernel=3, padding=1, stride=2)),
    ),
    DeployedRow(
        "dilated",
        "A dilation that is lost when the layer is written anew.",
        NCHW.but(op=Op(kind="conv", out=5, kernel=2, dilation=2)),
    ),
    DeployedRow(
        "grouped",
        "Groups that are scaled by the channels of another.",
        NCHW.but(op=Op(kind="conv", out=6, kernel=3, padding=1, groups=2)),
    ),
    DeployedRow(
        "depthwise",
        "One channel in each group: the axes of the weight mean something else.",
        NCHW.but(op=Op(kind="conv", out=4, kernel=3, padding=1, groups=4)),
    ),
    DeployedRow(
        "depthwise-float16",
        _STORED,
        NCHW.but(op=Op(kind="conv", out=4, kernel=3, padding=1, groups=4)).of("float16"),
    ),
    DeployedRow(
        "multiplier",
        "Two outputs for every channel, in groups of one.",
        NCHW.but(op=Op(kind="conv", out=8, kernel=3, padding=1, groups=4)),
    ),
    DeployedRow(
        "gamma-zero",
        "A channel with gamma 0: what divides by gamma is NaN.",
        NCHW.but(gamma=given(0.0, 1.5, -0.75, 1.0, 0.5)),
        ("https://github.com/pytorch/pytorch/issues/77434",),
    ),
    DeployedRow("nhwc-float32", "A weight turned with the layout and scaled before that.", NHWC),
    DeployedRow("nhwc-float16", _STORED, NHWC.of("float16")),
    DeployedRow(
        "nhwc-depthwise",
        "The same of a depthwise convolution, whose weight is turned in another way.",
        NHWC.but(op=Op(kind="conv", out=4, kernel=3, padding=1, groups=4)),
    ),
    DeployedRow("ncdhw-float32", "A convolution of three axes, which fewer fusions know.", NCDHW),
    DeployedRow(
        "576-float32",
        "Sums of many products in another order, or in a narrower type.",
        Deployed(shape=(1, 64, 4, 4), op=Op(kind="conv", out=3, kernel=3, padding=1)),
    ),
    DeployedRow(
        "576-float16",
        _STORED,
        Deployed(
            shape=(1, 64, 4, 4), op=Op(kind="conv", out=3, kernel=3, padding=1), types="float16"
        ),
    ),
)
