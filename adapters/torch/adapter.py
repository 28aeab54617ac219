"""PyTorch: the public function, the modules, the native operator, channels last, and Inductor.

Every path runs on the GPU if PyTorch sees one, else on the CPU.  Shapes below are PyTorch's own,
``(N, C, *spatial)``; arrays of any other layout are transposed on the way in and back.  Contiguous
arrays come in the memory format that the path names; any others keep their strides.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported

from . import reproduction, stated
from .calling import DEVICE, Tensors, answer, gradients, tensors


def own_cache() -> str:
    """Where Inductor keeps what it compiles for the instructions that PyTorch may use here.

    Its cache knows nothing of ``ATEN_CPU_CAPABILITY``: what was made for AVX-512 is taken where
    that is limited, and gives other numbers or does not compile.
    """
    user, instructions = getattr(os, "getuid", int)(), torch.backends.cpu.get_cpu_capability()
    named = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    if named is None:
        return f"{tempfile.gettempdir()}{os.sep}torchinductor_{user}_{instructions}"
    # Below the place that is named, since a worker may write in that one and not beside it.
    return named if named.endswith(instructions) else f"{named}{os.sep}{instructions}"


# At once: Inductor itself sets it where nobody did, as soon as anything is compiled.
os.environ["TORCHINDUCTOR_CACHE_DIR"] = own_cache()

BatchNorm: TypeAlias = Callable[..., Tensor]
"""A function that is called as ``torch.nn.functional.batch_norm`` is."""

# --- what PyTorch refuses -----------------------------------------------------------------------

REFUSALS = (
    (
        "Expected more than 1 value per channel when training",
        "training refuses one value per channel",
    ),
    ("input tensor must have at least one element", "training refuses an empty batch here"),
    ("eps must be positive during training", "training refuses an eps of 0"),
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
    reproduce=reproduction.program,
    paths=(
        Path(
            name="functional",
            about="torch.nn.functional.batch_norm, contiguous unless the case is not, with "
            "torch.autograd.grad",
            run=functional,
            defaults=stated.of_function,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="module",
            about="torch.nn.BatchNorm1d/2d/3d, with torch.autograd.grad",
            run=module,
            defaults=stated.of_module,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="native",
            about="torch.ops.aten.native_batch_norm and native_batch_norm_backward, contiguous "
            "unless the case is not",
            run=native,
            defaults=stated.of_operator,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="channels_last",
            about="torch.nn.functional.batch_norm in memory format channels_last(_3d)",
            run=channels_last,
            defaults=stated.of_function,
            dialect=Dialect(layout="channels_last"),
            capabilities=Capabilities(ranks=frozenset({4, 5})),
        ),
        Path(
            name="compile",
            about="torch.compile(torch.nn.functional.batch_norm), Inductor, static shapes",
            run=compiled,
            defaults=stated.of_function,
            dialect=CHANNELS_FIRST,
            sample=("spatial/*", "offset/*", "memory/*"),
            sample_reason="1 to 2 s of compilation per case",
        ),
    ),
)
