"""oneDNN: the function and the operators on tensors in its own layout."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.adapter import HALVES, Probe
from conformance.case import Actual, Inputs

from ..torch.calling import answer, tensors
from ..torch.functions import functional
from ..torch.refusing import REFUSALS, refusals

GRADIENTS = ("dx", "dgamma", "dbeta")

KNOWN = (
    ("currently mkldnn training only support 2d batchnorm", "oneDNN trains images of rank 4 alone"),
    *REFUSALS,
)


def mkldnn(inputs: Inputs) -> Actual:
    """Run the function on x in the layout of oneDNN, and y back from it."""
    with refusals(KNOWN):
        return functional(_asked(inputs), batch_norm=_function)


def _function(x: Tensor, *rest: Tensor | float | None) -> Tensor:
    return F.batch_norm(x.to_mkldnn(), *rest).to_dense()


def native(inputs: Inputs) -> Actual:
    """Run the operators on such tensors, which save the mean and the variance."""
    given = tensors(_asked(inputs))
    gamma, running = given.gamma, (given.running_mean, given.running_var)
    mode, aten = inputs.training, torch.ops.aten
    with refusals(KNOWN), torch.no_grad():
        x = given.x.detach().to_mkldnn()
        y, mean, var = aten.native_batch_norm(
            x, gamma, given.beta, *running, mode, inputs.momentum, inputs.eps
        )
        found: dict[str, Tensor] = {"y": y}
        if given.dy is not None:
            slope, mask = given.dy.to_mkldnn(), [True] * 3
            grads = aten.native_batch_norm_backward(
                slope, x, gamma, *running, mean, var, mode, inputs.eps, mask
            )
            found |= dict(zip(GRADIENTS, grads, strict=True))
        found |= {"mean": mean, "var": var} if mode else {}
        dense = {n: v.to_dense() if v.is_mkldnn else v for n, v in found.items()}
    return answer(inputs, dense | dict(zip(("running_mean", "running_var"), running, strict=True)))


def _asked(inputs: Inputs) -> Inputs:
    """The call without its gradient where a probe found that oneDNN has none."""
    lacking = any(probe.concerns(inputs) and probe.ask() is not None for probe in PROBES)
    return replace(inputs, dy=None) if lacking else inputs


NO_GRADIENT = "currently mkldnn only support train model"
"""PyTorch's own words for a gradient in test mode."""


@cache
def _refusal() -> str | None:
    x, one = torch.ones(1, 1, 1, 2, requires_grad=True), torch.ones(1)
    try:
        _function(x, one, one, one, one, False, 0.0, 1.0).sum().backward()  # noqa: FBT003 - by its place
    except RuntimeError as error:
        if NO_GRADIENT in str(error):
            return NO_GRADIENT
        raise
    return None


@cache
def _misread() -> str | None:
    # Where half-precision parameters are taken for float32, two of them are one, of which the
    # second is the larger part: that is safe to read.  Gradients are written in the same way,
    # and past their memory, so that the process dies now or at some later call.
    x, one = torch.tensor([[[[1.0, -1.0]]]]).bfloat16(), torch.ones(1)
    scale = torch.tensor([1.0, 3.0]).bfloat16()[:1]
    y = _function(x, one, one, scale, 0 * one, True, 0.0, 0.0001)  # noqa: FBT003 - by its place
    return "written as float32, past their memory" if y.max() > 2 else None  # noqa: PLR2004 - 1, or 3


PROBES = (
    Probe(
        name="the gradient in test mode",
        concerns=lambda inputs: inputs.dy is not None and not inputs.training,
        ask=_refusal,
        outputs=GRADIENTS,
    ),
    Probe(
        name="the gradient by half-precision parameters",
        concerns=lambda inputs: inputs.dy is not None and str(inputs.parameter_dtype) in HALVES,
        ask=_misread,
        outputs=GRADIENTS,
    ),
)
"""What oneDNN lacks: whoever asks it for such a gradient gets none, and the rest of the answer."""
