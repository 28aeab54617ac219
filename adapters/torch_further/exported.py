"""What PyTorch makes of the module or the function beforehand: exported, scripted, traced."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.case import Actual, Inputs

from ..torch.functions import functional
from ..torch.modules import module


def export(inputs: Inputs) -> Actual:
    """Run the module that ``torch.export.export`` gives, which can be trained."""
    return module(inputs, made=lambda layer, x: torch.export.export(layer, (x,)).module())


def export_core(inputs: Inputs) -> Actual:
    """Run the exported program in the operators of inference, which has no gradients."""
    return module(replace(inputs, dy=None), made=_core)


def _core(layer: nn.Module, x: Tensor) -> Any:
    return torch.export.export(layer, (x,)).run_decompositions().module()


def script(inputs: Inputs) -> Actual:
    """Run the function as ``torch.jit.script`` compiles it, with whatever calls came before."""
    with _deprecated():
        return functional(inputs, batch_norm=torch.jit.script(F.batch_norm))


def trace(inputs: Inputs) -> Actual:
    """Run the function as ``torch.jit.trace`` records it from a copy of this very call."""
    with _deprecated():
        return functional(inputs, batch_norm=_traced)


def _traced(x: Tensor, *rest: Tensor | float | None) -> Tensor:
    # Only tensors are arguments of what is traced; all else is recorded as it is.
    places = [place for place, value in enumerate(rest) if isinstance(value, Tensor)]

    def batch_norm(x: Tensor, *own: Tensor) -> Tensor:
        given = dict(enumerate(rest)) | dict(zip(places, own, strict=True))
        return F.batch_norm(x, *given.values())

    own = tuple(rest[place] for place in places)
    copies = tuple(value.detach().clone() for value in (x, *own))
    found: Tensor = torch.jit.trace(batch_norm, copies, check_trace=False)(x, *own)
    return found


@contextmanager
def _deprecated() -> Iterator[None]:
    """PyTorch warns that both may go one day, and that sizes are recorded; people run them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        yield
