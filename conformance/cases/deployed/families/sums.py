"""What is added before or behind a batch normalization, and the rectifier of a residual block."""

from __future__ import annotations

from conformance.cases.deployed.recipe import Deployed, DeployedRow, Op

ABOUT = "A sum before or behind the batch normalization, with the rectifier of a residual block."

CONV = Deployed(shape=(2, 4, 4, 4), op=Op(kind="conv", out=4, kernel=3, padding=1))

ROWS = (
    DeployedRow(
        "residual-float32",
        "A rectifier that is fused before the sum.",
        CONV.but(skip="after", relu=True),
    ),
    DeployedRow(
        "residual-float16",
        "A sum that is stored in a half type between.",
        CONV.but(skip="after", relu=True).of("float16"),
    ),
    DeployedRow(
        "residual-nhwc",
        "The same with channels last.",
        CONV.but(skip="after", relu=True, axis=3),
    ),
    DeployedRow(
        "before-float32",
        "A normalization folded past a sum: what is added is not scaled.",
        CONV.but(skip="before"),
    ),
    DeployedRow(
        "before-float16", "The same in a half type.", CONV.but(skip="before").of("float16")
    ),
    DeployedRow(
        "before-lone",
        "The same without a product.",
        Deployed(shape=(3, 4, 5), skip="before", relu=True),
    ),
    DeployedRow(
        "after-lone",
        "A sum with what is not normalized.",
        Deployed(shape=(3, 4, 5), skip="after"),
    ),
    DeployedRow("relu-float32", "A rectifier fused before the shift.", CONV.but(relu=True)),
    DeployedRow("relu-float16", "The same in a half type.", CONV.but(relu=True).of("float16")),
)
