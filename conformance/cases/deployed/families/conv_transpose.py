"""A transposed convolution and the batch normalization of what it gives."""

from __future__ import annotations

from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "A transposed convolution before a batch normalization: its outputs are axis 1 of weight."

_GROUPED = ("https://github.com/pytorch/pytorch/issues/180995",)

TWO = Op(kind="conv_transpose", out=3, kernel=3, stride=2, padding=1, output_padding=1)
NCL = Deployed(shape=(2, 4, 5), op=TWO)
NCHW = Deployed(shape=(1, 4, 3, 4), op=TWO)


def _grouped(out: int, groups: int) -> Op:
    return Op(kind="conv_transpose", out=out, kernel=3, stride=2, padding=1, groups=groups)


ROWS = (
    DeployedRow("ncl-float32", "A weight scaled along axis 0, which is that of its inputs.", NCL),
    DeployedRow("strided-float32", "The same of images.", NCHW),
    DeployedRow("strided-float16", "The same, folded in a half type.", NCHW.of("float16")),
    DeployedRow(
        "square",
        "The same where it has as many inputs as outputs, and the shapes fit.",
        NCHW.but(op=Op(kind="conv_transpose", out=4, kernel=3, stride=2, padding=1)),
    ),
    DeployedRow(
        "no-bias",
        "A layer without a bias that gets none from the normalization.",
        NCHW.but(op=Op(kind="conv_transpose", out=3, kernel=2, stride=2, bias=False)),
    ),
    DeployedRow(
        "grouped",
        "Groups: the outputs of a weight are axis 1 times the groups.",
        NCHW.but(op=_grouped(6, 2)),
        _GROUPED,
    ),
    DeployedRow(
        "grouped-square",
        "The same where it has as many inputs as outputs, and the shapes fit.",
        NCHW.but(op=_grouped(4, 2)),
        _GROUPED,
    ),
    DeployedRow(
        "depthwise",
        "One channel in each group: axis 1 of the weight has one place for all outputs.",
        NCHW.but(op=_grouped(4, 4)),
        _GROUPED,
    ),
    DeployedRow(
        "nhwc-float32",
        "A weight turned with the layout and scaled before that.",
        NCHW.but(shape=(1, 3, 4, 4), axis=3),
    ),
    DeployedRow(
        "ncdhw-float32",
        "A transposed convolution of three axes, which fewer fusions know.",
        Deployed(shape=(1, 3, 2, 3, 2), op=Op(kind="conv_transpose", out=2, kernel=2, stride=2)),
    ),
)
