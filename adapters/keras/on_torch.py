"""The layer on PyTorch, with `torch.autograd.grad`."""

from __future__ import annotations

from conformance.case import Actual, Inputs

from .layer import arrays, built, leaves, options, running, tensor


def run(inputs: Inputs) -> Actual:
    """Call the layer and pull `dy` back through it."""
    import torch  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - of this backend's worker alone

    layer = built(inputs)
    x = tensor(inputs.x).requires_grad_()
    y = layer(x, **options(inputs))
    found = {"y": y, **running(layer, inputs)}
    if inputs.dy is not None:
        by = {"dx": x, **leaves(layer)}
        found |= zip(by, torch.autograd.grad(y, list(by.values()), tensor(inputs.dy)), strict=True)
    return arrays(found)
