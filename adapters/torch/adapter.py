"""PyTorch: the public function, the modules, the native operator, channels last, and Inductor.

Every path runs on the GPU if PyTorch sees one, else on the CPU.  Shapes below are PyTorch's own,
``(N, C, *spatial)``; arrays of any other layout are transposed on the way in and back.  Contiguous
arrays come in the memory format that the path names; any others keep their strides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import ml_dtypes
import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance import layout
from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Dialect, Inputs
from conformance.errors import Unsupported

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

BatchNorm: TypeAlias = Callable[..., Tensor]
"""A function that is called as ``torch.nn.functional.batch_norm`` is."""

# --- numpy to tensors, and back -----------------------------------------------------------------


def tensor(array: Array) -> Tensor:
    """Copy `array` to a contiguous tensor on `DEVICE`.

    `torch.from_numpy` shares memory, refuses negative strides and knows no bfloat16: hence the
    copy, and the detour over the bits.
    """
    owned = np.array(array, order="C")
    if owned.dtype == ml_dtypes.bfloat16:
        shared = torch.from_numpy(owned.view(np.int16)).view(torch.bfloat16)
    else:
        shared = torch.from_numpy(owned)
    return shared.to(DEVICE)


def has_strides(array: Array) -> bool:
    """Whether `array` has strides of its own, and such as PyTorch can have: none is negative."""
    return not array.flags.c_contiguous and min(array.strides) >= 0


def strided(array: Array) -> Tensor:
    """Copy `array` to a tensor on `DEVICE` that has its strides, which are not negative.

    What lies between the values is copied with them: PyTorch's own copies close the gaps.
    """
    steps = [step // array.itemsize for step in array.strides]
    size = 1 + sum((n - 1) * step for n, step in zip(array.shape, steps, strict=True))
    flat = np.lib.stride_tricks.as_strided(array, (size,), (array.itemsize,), writeable=False)
    return tensor(flat).as_strided(array.shape, steps)


def array(value: Tensor) -> Array:
    """Copy a tensor to an array of the same type."""
    here = value.detach().cpu().contiguous()
    bits = here.dtype == torch.bfloat16
    found: Array = (here.view(torch.int16) if bits else here).numpy()
    return found.view(ml_dtypes.bfloat16) if bits else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """The arrays of one call as tensors: `x` and `dy` are ``(N, C, *spatial)``."""

    x: Tensor
    dy: Tensor | None
    gamma: Tensor | None
    beta: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None


def tensors(inputs: Inputs, memory_format: torch.memory_format | None = None) -> Tensors:
    """Copy the arrays of `inputs`; `x`, gamma and beta ask for their gradients if there is dy.

    Where `memory_format` is wanted `x` has it in any case, with the gaps that it came with if it
    came in that order.  Merged inputs part here: PyTorch updates the running statistics in place,
    and on the CPU before it reads weight and bias.
    """
    axis = _axis(inputs)
    grad = inputs.dy is not None

    def image(values: Array) -> Tensor:
        first = layout.channels_first(values, axis)
        return strided(first) if has_strides(values) else formatted(tensor(first))

    def formatted(values: Tensor) -> Tensor:
        return values if memory_format is None else values.to(memory_format=memory_format)

    def maybe(values: Array | None, *, grad: bool = False) -> Tensor | None:
        if values is None:
            return None
        copied = strided(values) if has_strides(values) else tensor(values)
        return copied.requires_grad_(grad)

    return Tensors(
        x=formatted(image(inputs.x)).requires_grad_(grad),
        dy=None if inputs.dy is None else image(inputs.dy),
        gamma=maybe(inputs.gamma, grad=grad),
        beta=maybe(inputs.beta, grad=grad),
        running_mean=maybe(inputs.running_mean),
        running_var=maybe(inputs.running_var),
    )


def answer(inputs: Inputs, outputs: Mapping[str, Tensor | None]) -> Actual:
    """The outputs that exist, as arrays in the layout of `inputs`."""
    arrays = {name: array(value) for name, value in outputs.items() if value is not None}
    for name in arrays.keys() & {"y", "dx"}:
        arrays[name] = layout.from_channels_first(arrays[name], _axis(inputs))
    return arrays


def gradients(
    y: Tensor, dy: Tensor | None, leaves: Mapping[str, Tensor | None]
) -> dict[str, Tensor]:
    """Gradients of ``sum(y * dy)`` by those leaves that exist, by `torch.autograd.grad`."""
    if dy is None:
        return {}
    wanted = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    found = torch.autograd.grad(y, list(wanted.values()), dy)
    return dict(zip(wanted, found, strict=True))


def _axis(inputs: Inputs) -> int:
    (axis,) = inputs.channel_axes
    return axis


# --- what PyTorch refuses -----------------------------------------------------------------------

REFUSALS = (
    (
        "Expected more than 1 value per channel when training",
        "training refuses one value per channel",
    ),
    ("input tensor must have at least one element", "training refuses an empty batch here"),
    ("No working C++ compiler found", "Inductor finds no C++ compiler"),
)
"""PyTorch's own words for an input that it does not take, and ours."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusals that are known into `Unsupported`; every other error is a finding."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        for words, reason in REFUSALS:
            if words in str(error):
                raise Unsupported(reason) from error
        raise


# --- the paths ----------------------------------------------------------------------------------


def functional(
    inputs: Inputs,
    batch_norm: BatchNorm = F.batch_norm,
    memory_format: torch.memory_format | None = None,
) -> Actual:
    """Run ``torch.nn.functional.batch_norm`` and `torch.autograd.grad`."""
    given = tensors(inputs, memory_format)
    with refusals():
        y = batch_norm(
            given.x,
            given.running_mean,
            given.running_var,
            given.gamma,
            given.beta,
            inputs.training,
            inputs.momentum,
            inputs.eps,
        )
        leaves = {"dx": given.x, "dgamma": given.gamma, "dbeta": given.beta}
        grads = gradients(y, given.dy, leaves)
    running = {"running_mean": given.running_mean, "running_var": given.running_var}
    return answer(inputs, {"y": y, **grads, **running})


def channels_last(inputs: Inputs) -> Actual:
    """Run `functional` on tensors whose memory is in the channels-last order."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return functional(inputs, memory_format=formats[inputs.x.ndim])


MODULES = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
"""The module for each rank of `x`."""


def module(inputs: Inputs) -> Actual:
    """Run the module for the rank of `x`, in its training or evaluation mode."""
    if inputs.gamma is None and inputs.beta is not None:
        raise Unsupported("the modules have no bias without a weight")
    given = tensors(inputs)
    layer = MODULES[inputs.x.ndim](
        given.x.shape[1],
        eps=inputs.eps,
        momentum=inputs.momentum,
        affine=given.gamma is not None,
        track_running_stats=given.running_mean is not None,
        bias=given.beta is not None,
        device=DEVICE,
        dtype=_parameter_type(given),
    )
    state = {
        "weight": given.gamma,
        "bias": given.beta,
        "running_mean": given.running_mean,
        "running_var": given.running_var,
    }
    known = {name: value.detach() for name, value in state.items() if value is not None}
    if given.running_mean is not None:
        known["num_batches_tracked"] = torch.tensor(0)
    layer.load_state_dict(known)
    layer.train(inputs.training)
    with refusals():
        y = layer(given.x)
        leaves = {"dx": given.x, "dgamma": layer.weight, "dbeta": layer.bias}
        grads = gradients(y, given.dy, leaves)
    running = {"running_mean": layer.running_mean, "running_var": layer.running_var}
    return answer(inputs, {"y": y, **grads, **running})


def _parameter_type(given: Tensors) -> torch.dtype:
    held = (given.gamma, given.beta, given.running_mean, given.running_var, given.x)
    return next(value.dtype for value in held if value is not None)


def native(inputs: Inputs) -> Actual:
    """Run the operators below the function, which also return what they save."""
    given = tensors(inputs)
    x, gamma, beta = given.x.detach(), given.gamma, given.beta
    running = (given.running_mean, given.running_var)
    found: dict[str, Tensor | None] = {}
    with refusals(), torch.no_grad():
        y, mean, inv_std = torch.ops.aten.native_batch_norm(
            x, gamma, beta, *running, inputs.training, inputs.momentum, inputs.eps
        )
        if given.dy is not None:
            mask = [True, gamma is not None, beta is not None]
            grads = torch.ops.aten.native_batch_norm_backward(
                given.dy, x, gamma, *running, mean, inv_std, inputs.training, inputs.eps, mask
            )
            found = dict(zip(("dx", "dgamma", "dbeta"), grads, strict=True))
    # In test mode the CPU saves empty tensors, and the GPU a copy of the running mean.
    found["mean"] = mean if inputs.training else None
    found["inv_std"] = inv_std if inv_std.numel() == x.shape[1] else None
    return answer(inputs, {"y": y, **found, "running_mean": running[0], "running_var": running[1]})


def compiled(inputs: Inputs) -> Actual:
    """Run `functional` with the function compiled by Inductor for this very signature."""
    # Dynamo keeps every compilation of a function, and past its limit of them it would quietly
    # run the function uncompiled; `fullgraph` makes it say so wherever it cannot compile.
    torch.compiler.reset()
    inductor = torch.compile(F.batch_norm, backend="inductor", fullgraph=True, dynamic=False)
    return functional(inputs, batch_norm=inductor)


# --- what the suite is told ---------------------------------------------------------------------


def device() -> str:
    """Where the paths run."""
    return f"cuda: {torch.cuda.get_device_name(DEVICE)}" if DEVICE.type == "cuda" else "cpu"


CHANNELS_FIRST = Dialect(layout="channels_first")

ADAPTER = Adapter(
    name="torch",
    packages=("torch",),
    device=device,
    paths=(
        Path(
            name="functional",
            about="torch.nn.functional.batch_norm, contiguous unless the case is not, with "
            "torch.autograd.grad",
            run=functional,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="module",
            about="torch.nn.BatchNorm1d, BatchNorm2d and BatchNorm3d, with torch.autograd.grad",
            run=module,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="native",
            about="torch.ops.aten.native_batch_norm and native_batch_norm_backward, contiguous "
            "unless the case is not",
            run=native,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="channels_last",
            about="torch.nn.functional.batch_norm in memory format channels_last(_3d)",
            run=channels_last,
            dialect=Dialect(layout="channels_last"),
            capabilities=Capabilities(ranks=frozenset({4, 5})),
        ),
        Path(
            name="compile",
            about="torch.compile(torch.nn.functional.batch_norm), Inductor, static shapes",
            run=compiled,
            dialect=CHANNELS_FIRST,
            sample=("spatial/*", "offset/*", "memory/*"),
            sample_reason="1 to 2 s of compilation per case",
        ),
    ),
)
