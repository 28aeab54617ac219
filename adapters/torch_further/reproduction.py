"""A call of a path as a program in PyTorch's own terms, for its issue tracker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from conformance.case import Inputs

from ..torch.reproduction import (
    BATCH_NORM,
    PARAMETERS,
    STATISTICS,
    arguments,
    arrays,
    compiled,
    differentiated,
    finished,
    module,
    name_of,
    native,
    settings,
)
from . import transformed

Lines: TypeAlias = Callable[[Inputs], Iterator[str]]


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    if path in _OPERATORS:
        lines = [*arrays(inputs, leaves=False), *_OPERATORS[path](inputs)]
        return finished(lines, inputs, output)
    if path in _EXPORTED:
        made = f"layer = torch.export.export(layer, (x,)){_EXPORTED[path]}.module()"
        lines = [*arrays(inputs), *module(inputs), made, "y = layer(x)"]
        return differentiated(lines, inputs, output, "layer.")
    return differentiated([*arrays(inputs), *_CALLED[path](inputs)], inputs, output)


def _compiled(backend: str) -> Lines:
    def lines(inputs: Inputs) -> Iterator[str]:
        yield compiled(backend)
        yield f"y = batch_norm({arguments(inputs)})"

    return lines


def _dynamic(inputs: Inputs) -> Iterator[str]:
    yield f"batch_norm = torch.compile({BATCH_NORM}, fullgraph=True, dynamic=True)"
    yield "apart = lambda t: t.detach().clone().requires_grad_(t.requires_grad)"
    yield "first = apart(torch.cat([x, x]))"
    others = {name: name_of(inputs, name) for name in (*STATISTICS, *PARAMETERS)}
    told = ["None" if own == "None" else f"apart({own})" for own in others.values()]
    yield f"others = [{', '.join(told)}]"
    yield f"y = batch_norm(first, *others, {settings(inputs)})"
    if inputs.dy is not None:
        yield "leaves = [t for t in (first, *others) if t is not None and t.requires_grad]"
        yield "torch.autograd.grad(y, leaves, torch.ones_like(y))"
    yield f"y = batch_norm({arguments(inputs)})"


def _script(inputs: Inputs) -> Iterator[str]:
    yield f"y = torch.jit.script({BATCH_NORM})({arguments(inputs)})"


def _trace(inputs: Inputs) -> Iterator[str]:
    there = [n for n in (*STATISTICS, *PARAMETERS) if name_of(inputs, n) != "None"]
    given = ", ".join(["x", *there])
    copies = ", ".join(f"{name}.detach().clone()" for name in ("x", *there))
    yield f"batch_norm = lambda {given}: {BATCH_NORM}({arguments(inputs)})"
    yield f"y = torch.jit.trace(batch_norm, ({copies},), check_trace=False)({given})"


def _mkldnn(inputs: Inputs) -> Iterator[str]:
    yield f"y = {BATCH_NORM}({arguments(inputs).replace('x', 'x.to_mkldnn()', 1)}).to_dense()"


def _decomposition(inputs: Inputs) -> Iterator[str]:
    table = "torch._decomp.decomposition_table[torch.ops.aten.{}.default]"
    yield "import torch._decomp"
    yield from native(
        inputs,
        table.format("native_batch_norm"),
        table.format("native_batch_norm_backward"),
    )


def _with_update(inputs: Inputs) -> Iterator[str]:
    weight, bias = (name_of(inputs, name) for name in PARAMETERS)
    running = ", ".join(name_of(inputs, name) for name in STATISTICS)
    operator, eps = "with_update" if inputs.training else "no_update", repr(inputs.eps)
    yield f"y, mean, inv_std, reserve = torch.ops.aten._batch_norm_{operator}("
    yield f"    x, {weight}, {bias}, {running}, {inputs.momentum!r}, {eps}"
    yield ")"
    if inputs.dy is not None:
        mask = [True, inputs.gamma is not None, inputs.beta is not None]
        yield "dx, dweight, dbias = torch.ops.aten.batch_norm_backward("
        yield f"    dy, x, {weight}, {running}, mean, inv_std, {inputs.training}, {eps},"
        yield f"    {mask}, reserve"
        yield ")"


def _mkldnn_native(inputs: Inputs) -> Iterator[str]:
    weight, bias = (name_of(inputs, name) for name in PARAMETERS)
    running = ", ".join(name_of(inputs, name) for name in STATISTICS)
    aten, mode = "torch.ops.aten.native_batch_norm", inputs.training
    yield f"y, mean, var = {aten}(x.to_mkldnn(), {weight}, {bias}, {running}, {settings(inputs)})"
    yield "y = y.to_dense()"
    if mode and inputs.dy is not None:
        yield f"dx, dweight, dbias = {aten}_backward("
        yield f"    dy.to_mkldnn(), x.to_mkldnn(), {weight}, {running}, mean, var, {mode},"
        yield f"    {inputs.eps!r}, [True] * 3"
        yield ")"
        yield "dx = dx.to_dense()"
    if mode:
        yield "mean, var = mean.to_dense(), var.to_dense()"


_OPERATORS: dict[str, Lines] = {
    "decomposition": _decomposition,
    "with_update": _with_update,
    "mkldnn_native": _mkldnn_native,
    "vjp": transformed.vjp,
    "vmap": transformed.vmap,
    "vmap_shared": transformed.vmap_shared,
}
"""Paths that differentiate by themselves."""

_EXPORTED = {"export": "", "export_core": ".run_decompositions()"}

_CALLED: dict[str, Lines] = {
    "aot_eager": _compiled("aot_eager"),
    "aot_decomposed": _compiled("aot_eager_decomp_partition"),
    "compile_dynamic": _dynamic,
    "script": _script,
    "trace": _trace,
    "mkldnn": _mkldnn,
}
"""Paths that call something as they call the function."""
