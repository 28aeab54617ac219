"""Faults in what is added to the variance, and where."""

from __future__ import annotations

import numpy as np

from conformance.case import Dialect
from conformance.faults.fault import NORMALIZED, Fault
from conformance.faults.sheet import in_dialect

_OUTSIDE = in_dialect(Dialect(eps="outside"), {})

FAULTS = (
    Fault(
        id="eps-outside-sqrt",
        title="eps is added to the standard deviation",
        math="inv_std = 1 / (sqrt(var) + eps), the backward pass as for eps inside",
        touches=NORMALIZED,
        mode="both",
        shows="eps that is not small beside var",
        hides="eps = 1e-5 with var near 1: 5e-6 relative",
        core=True,
        edits={"inv_std": lambda s: 1 / (np.sqrt(s.spread) + s.eps)},
    ),
    Fault(
        id="eps-outside-differentiated",
        title="eps is added to the standard deviation, with the gradients of that",
        math="inv_std = 1 / (sigma + eps); dx with d mean(d dy) / (sigma (sigma + eps))",
        touches=NORMALIZED,
        mode="both",
        shows="eps that is not small beside var",
        hides="eps = 1e-5 with var near 1",
        edits=_OUTSIDE,
    ),
    Fault(
        id="eps-hardcoded",
        title="the caller's eps is ignored: it is always 1e-5",
        math="inv_std = 1 / sqrt(var + 1e-5)",
        touches=NORMALIZED,
        mode="both",
        shows="an eps of the size of var",
        hides="eps = 1e-5, or var far above both",
        core=True,
        edits={"eps": lambda _: 1e-5},
    ),
    Fault(
        id="eps-hardcoded-1e-3",
        title="the caller's eps is ignored: it is always 1e-3",
        math="inv_std = 1 / sqrt(var + 1e-3)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or an eps of the size of var",
        hides="eps = 1e-3, or var far above both",
        edits={"eps": lambda _: 1e-3},
    ),
    Fault(
        id="eps-missing",
        title="eps is not added at all",
        math="inv_std = 1 / sqrt(var)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or a constant channel",
        hides="var far above eps",
        edits={"eps": lambda _: 0.0},
    ),
    Fault(
        id="eps-clamped-min",
        title="eps is silently raised to 1.001e-5",
        math="inv_std = 1 / sqrt(var + max(eps, 1.001e-5))",
        touches=NORMALIZED,
        mode="both",
        shows="eps below 1e-5 and a small var",
        hides="eps of 1.001e-5 and more",
        edits={"eps": lambda s: max(s.correct("eps"), 1.001e-5)},
    ),
    Fault(
        id="var-includes-eps",
        title="eps is added to the variance itself, and again under the root",
        math="var = mean((x - mean)^2) + eps, inv_std = 1 / sqrt(var + eps)",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="an eps that is not small beside var",
        hides="eps = 1e-5 with var near 1",
        edits={"var": lambda s: s.correct("var") + s.eps},
    ),
    Fault(
        id="eps-hardcoded-1e-6",
        title="the caller's eps is ignored: it is always 1e-6",
        math="inv_std = 1 / sqrt(var + 1e-6)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or an eps of the size of var",
        hides="eps = 1e-6, or var far above both",
        edits={"eps": lambda _: 1e-6},
    ),
    Fault(
        id="two-epsilons",
        title="eps is 1e-6 beside the root forward and 1e-5 under it backward, with M-1",
        math="y by 1 / (sqrt(v) + 1e-6), dx by 1 / sqrt(v + 1e-5), v = var M / (M - 1)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or an eps of the size of var",
        hides="var far above both and a large M",
        edits={
            "spread": lambda s: s.var * s.bessel if s.training else s.old_var,
            "inv_std": lambda s: 1 / (np.sqrt(s.spread) + 1e-6),
            "back_inv_std": lambda s: 1 / np.sqrt(s.spread + 1e-5),
        },
    ),
    Fault(
        id="eps-clamped-1e-5",
        title="eps is silently raised to 1e-5",
        math="inv_std = 1 / sqrt(var + max(eps, 1e-5))",
        touches=NORMALIZED,
        mode="both",
        shows="eps below 1e-5 and a small var",
        hides="eps of 1e-5 and more",
        edits={"eps": lambda s: max(s.correct("eps"), 1e-5)},
    ),
)
