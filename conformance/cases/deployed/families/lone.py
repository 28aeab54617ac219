"""A batch normalization that nothing can be folded into, as a model file holds it."""

from __future__ import annotations

from conformance.cases.deployed.recipe import Deployed, DeployedRow

ABOUT = "A batch normalization alone, or with a rectifier: a scale and a shift in a model file."

NC = Deployed(shape=(5, 4))
NCL = Deployed(shape=(3, 4, 5))
NCHW = Deployed(shape=(2, 4, 3, 5))
NHWC = Deployed(shape=(2, 3, 5, 4), axis=3)
NCDHW = Deployed(shape=(2, 3, 2, 3, 2))

_MODE = "A graph exported in training mode: it normalizes by the batch."
_ROUNDED = "A scale gamma / sqrt(var + eps) that is rounded to the half type before it is used."

ROWS = (
    DeployedRow("nc-float32", _MODE, NC),
    DeployedRow("nc-float64", "float64 that an exporter makes float32.", NC.of("float64")),
    DeployedRow("nc-float16", _ROUNDED, NC.of("float16")),
    DeployedRow("nc-bfloat16", _ROUNDED, NC.of("bfloat16")),
    DeployedRow("ncl-float32", "A scale laid along the last axis where channels are second.", NCL),
    DeployedRow(
        "ncl-square",
        "The same where both axes are as long, and the shapes fit.",
        NCL.but(shape=(3, 4, 4)),
    ),
    DeployedRow("nchw-float32", _MODE, NCHW),
    DeployedRow("nchw-float16", _ROUNDED, NCHW.of("float16")),
    DeployedRow(
        "nchw-float16-params-float32",
        "float32 statistics that are rounded to the type of x.",
        NCHW.of("float16+float32"),
    ),
    DeployedRow("nhwc-float32", "A layout that is turned and not turned back.", NHWC),
    DeployedRow("ncdhw-float32", "A runtime that takes four axes at most.", NCDHW),
    DeployedRow("relu-float32", "A rectifier fused before the shift.", NCHW.but(relu=True)),
    DeployedRow("relu-float16", _ROUNDED, NCHW.of("float16").but(relu=True)),
    DeployedRow(
        "eps-0.001",
        "An exporter that writes the default eps of another framework.",
        NCHW.but(eps=float.fromhex("0x1.0624dep-10")),
    ),
    DeployedRow(
        "eps-2",
        "An eps that is lost: the variance alone is under the root.",
        NCHW.but(eps=2.0),
    ),
)
