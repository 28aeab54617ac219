"""A batch normalization before a product, as in residual networks of the second kind."""

from __future__ import annotations

from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "A batch normalization before a product, whose padding it does not see."

PADDED = Op(kind="conv", out=3, kernel=3, padding=1)
NCHW = Deployed(shape=(1, 4, 4, 5), op=PADDED, norm_first=True)

ROWS = (
    DeployedRow(
        "padded-float32",
        "The shift folded into the bias of a padded convolution: zeros are not shifted.",
        NCHW,
    ),
    DeployedRow("padded-float16", "The same in a half type.", NCHW.of("float16")),
    DeployedRow(
        "unpadded-float32",
        "A weight scaled along its outputs where its inputs are normalized.",
        NCHW.but(op=Op(kind="conv", out=3, kernel=3)),
    ),
    DeployedRow(
        "unpadded-square",
        "The same where it has as many inputs as outputs, and the shapes fit.",
        NCHW.but(op=Op(kind="conv", out=4, kernel=3)),
    ),
    DeployedRow(
        "grouped-float32",
        "Groups that are scaled by the channels of another.",
        NCHW.but(op=Op(kind="conv", out=4, kernel=3, groups=2)),
    ),
    DeployedRow(
        "transposed-float32",
        "A transposed convolution behind a normalization: its edges sum fewer values.",
        NCHW.but(op=Op(kind="conv_transpose", out=3, kernel=3, stride=2, padding=1)),
    ),
    DeployedRow(
        "linear-float32",
        "A shift that is folded through the weight, and a bias that is there already.",
        Deployed(shape=(4, 6), op=Op(kind="linear", out=4), norm_first=True),
    ),
    DeployedRow(
        "linear-no-bias-float16",
        "The same without a bias, in a half type.",
        Deployed(
            shape=(4, 6),
            op=Op(kind="linear", out=4, bias=False),
            norm_first=True,
            types="float16",
        ),
    ),
    DeployedRow(
        "nhwc-float32",
        "The same with channels last.",
        NCHW.but(shape=(1, 4, 5, 4), axis=3),
    ),
)
