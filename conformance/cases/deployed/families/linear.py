"""A linear layer and the batch normalization of what it gives."""

from __future__ import annotations

from conformance.cases.catalogue.values import given
from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "A linear layer before a batch normalization."

NF = Deployed(shape=(5, 6), op=Op(kind="linear", out=4))
NLF = Deployed(shape=(2, 3, 6), axis=2, op=Op(kind="linear", out=4))
NCF = Deployed(shape=(3, 4, 6), op=Op(kind="linear", out=5))

_STORED = "Folded weights stored in a half type, whose roundings grow with what cancels."

ROWS = (
    DeployedRow("nf-float32", "gamma folded into the weight and not into the bias.", NF),
    DeployedRow("nf-float64", "Folding in float32 where the layer is float64.", NF.of("float64")),
    DeployedRow("nf-float16", _STORED, NF.of("float16")),
    DeployedRow("nf-bfloat16", _STORED, NF.of("bfloat16")),
    DeployedRow(
        "nf-no-bias",
        "A layer without a bias that gets none from the normalization.",
        NF.but(op=Op(kind="linear", out=4, bias=False)),
    ),
    DeployedRow(
        "nf-square",
        "A weight scaled along its inputs where it has as many outputs.",
        NF.but(op=Op(kind="linear", out=6)),
    ),
    DeployedRow(
        "nf-gamma-zero",
        "A channel with gamma 0: what divides by gamma is NaN.",
        NF.but(gamma=given(0.0, 1.5, -0.75, 1.0)),
        ("https://github.com/pytorch/pytorch/issues/77434",),
    ),
    DeployedRow(
        "nf-576-float32",
        "Sums of many products in another order, or in a narrower type.",
        NF.but(shape=(3, 576)),
    ),
    DeployedRow("nf-576-float16", _STORED, NF.but(shape=(3, 576)).of("float16")),
    DeployedRow("nlf-float32", "A normalization of the last axis taken for one of axis 1.", NLF),
    DeployedRow(
        "ncf-float32",
        "A normalization along another axis than the layer's outputs: it cannot be folded.",
        NCF,
    ),
    DeployedRow(
        "ncf-square",
        "The same where the shapes fit: it is folded along the wrong axis.",
        NCF.but(shape=(3, 4, 6), op=Op(kind="linear", out=4)),
        ("https://github.com/pytorch/ao/issues/4116",),
    ),
    DeployedRow("nf-relu-float32", "A rectifier before the normalization.", NF.but(relu=True)),
)
