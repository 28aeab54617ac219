"""One product, called twice and normalized by two layers."""

from __future__ import annotations

from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "One product that two batch normalizations share: it can be folded into neither."

_TWICE = (
    "https://github.com/pytorch/pytorch/issues/104593",
    "https://github.com/pytorch/pytorch/issues/197539",
)

CONV = Deployed(shape=(2, 4, 4, 4), op=Op(kind="conv", out=3, kernel=3, padding=1), second=True)

ROWS = (
    DeployedRow(
        "conv-float32",
        "A weight that is folded twice: it is scaled by both.",
        CONV,
        _TWICE,
    ),
    DeployedRow("conv-float16", "The same in a half type.", CONV.of("float16"), _TWICE),
    DeployedRow(
        "linear-float32",
        "The same of a linear layer.",
        Deployed(shape=(4, 6), op=Op(kind="linear", out=4), second=True),
        _TWICE,
    ),
    DeployedRow(
        "transposed-float32",
        "The same of a transposed convolution.",
        CONV.but(op=Op(kind="conv_transpose", out=3, kernel=2, stride=2)),
        _TWICE,
    ),
)
