"""What PyTorch offers to deploy a model: each takes a module in eval mode and gives what runs."""

from __future__ import annotations

import io
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.ao.quantization import fuse_modules  # type: ignore[import-not-found, unused-ignore]
from torch.nn.utils.fusion import (  # type: ignore[import-not-found, unused-ignore]
    fuse_conv_bn_eval,
    fuse_linear_bn_eval,
)

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from ..torch.calling import array
from .models import Model, back, given, made

Deployed: TypeAlias = Any
"""What can be called with the tensors of a block: modules, scripts, programs."""

Way: TypeAlias = Callable[[Model, tuple[Tensor, ...]], Deployed]
"""From a model and what it is called with to what runs."""


def run(inputs: Inputs, way: Way) -> Actual:
    """Make the model of a call, deploy it, and run it once."""
    with torch.no_grad():
        called = given(inputs)
        deployed = way(made(inputs), called)
        return {"y": array(back(deployed(*called), inputs))}


def eager(model: Model, _: tuple[Tensor, ...]) -> Deployed:
    """The module itself: nothing is folded."""
    return model


def frozen(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """``torch.jit.freeze`` of a trace: it folds batch normalization into what is before it."""
    return _called_again(torch.jit.freeze(torch.jit.trace(model, called)))


def optimized(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """``torch.jit.optimize_for_inference`` of a trace."""
    return _called_again(torch.jit.optimize_for_inference(torch.jit.trace(model, called)))


def _called_again(module: Any) -> Deployed:
    """A scripted module, called three times: it is optimized for what it has seen."""

    def called(*arguments: Tensor) -> Tensor:
        for _ in range(2):
            module(*arguments)
        return module(*arguments)

    return called


def saved(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """A frozen trace, saved and loaded."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.freeze(torch.jit.trace(model, called)), buffer)
    buffer.seek(0)
    return _called_again(torch.jit.load(buffer))


def functions(model: Model, _: tuple[Tensor, ...]) -> Deployed:
    """``fuse_conv_bn_eval`` and ``fuse_linear_bn_eval``, called on the two layers."""
    folded = deepcopy(model)
    if model.op is None or model.norm_first or model.skip_first or model.second is not None:
        raise Unsupported("a person does not fold what is no product before its normalization")
    if isinstance(model.op, nn.Linear):
        folded.op = fuse_linear_bn_eval(model.op, model.norm)
    else:
        transposed = isinstance(model.op, nn.modules.conv._ConvTransposeNd)  # noqa: SLF001 - it has no other name
        folded.op = fuse_conv_bn_eval(model.op, model.norm, transpose=transposed)
    folded.norm, folded.turned = nn.Identity(), False
    return folded


def symbolic(model: Model, _: tuple[Tensor, ...]) -> Deployed:
    """``torch.fx.experimental.optimization.fuse``."""
    from torch.fx.experimental import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - it warns of PyTorch's own parts
        optimization,
    )

    return optimization.fuse(model)


def modules(model: Model, _: tuple[Tensor, ...]) -> Deployed:
    """``torch.ao.quantization.fuse_modules`` of op and norm, in eval mode."""
    if model.op is None or model.norm_first or model.skip_first or model.second is not None:
        raise Unsupported("fuse_modules is told modules that follow one another, and each once")
    return fuse_modules(model, [["op", "norm"]])


def exported(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """``torch.export.export``, and the program's module."""
    return torch.export.export(model, called).module()


def decomposed(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """The same with ``run_decompositions``: core ATen, as runtimes take it."""
    return torch.export.export(model, called).run_decompositions().module()


def reloaded(model: Model, called: tuple[Tensor, ...]) -> Deployed:
    """An exported program, saved to a file and loaded."""
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(model, called), buffer)
    buffer.seek(0)
    return torch.export.load(buffer).module()


def inductor(model: Model, _: tuple[Tensor, ...]) -> Deployed:
    """``torch.compile`` with Inductor's freezing, which folds into weights."""
    from torch._inductor import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - it takes seconds
        config,
    )

    torch._dynamo.reset()  # noqa: SLF001 - its documented name
    with config.patch(freezing=True):
        compiled = torch.compile(model)

        def called(*arguments: Tensor) -> Tensor:
            with config.patch(freezing=True):
                return compiled(*arguments)

        return called
