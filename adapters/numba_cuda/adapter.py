"""Batch normalization in Numba CUDA: reference kernels that this project owns.

On a machine with an NVIDIA GPU they run there, elsewhere in Numba's simulator. float32 and float64
are computed in their own type; float16 and bfloat16 are widened to float32 once and rounded once
at the end. A batch without values needs no kernel and gets none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported

from . import simulation

SIMULATED = simulation.decide()  # before anything imports numba.cuda

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked  # noqa: E402 - see the line above

from . import geometry, launching  # noqa: E402 - the same

MACHINE = geometry.SIMULATOR if SIMULATED else geometry.GPU


def _run(program: Callable[..., Any], inputs: Inputs) -> Actual:
    if inputs.x.size == 0:
        return _empty(inputs)
    real, seen = _real(inputs), geometry.view(inputs)
    path = program(seen, MACHINE, real)
    with launching.quietly(), np.errstate(all="ignore"):
        tensors = _forward(inputs, seen, real, path)
        answer = {"y": seen.leave(tensors.y.copy_to_host()).astype(inputs.x.dtype)}
        answer |= _statistics(inputs, tensors)
        if inputs.dy is not None:
            answer |= _backward(inputs, seen, real, path, tensors)
    return answer


def _real(inputs: Inputs) -> Any:
    return np.float64 if inputs.x.dtype == np.float64 else np.float32


def _run_persistent(inputs: Inputs) -> Actual:
    """Refuse beforehand what does not fit on the chip; test mode keeps nothing forward."""
    backward = inputs.dy is not None
    if inputs.x.size and (inputs.training or backward):
        seen = geometry.view(inputs)
        refused = launching.Persistent.why_not(seen, MACHINE, _real(inputs), backward=backward)
        if refused:
            raise Unsupported(refused)
    return _run(launching.Persistent, inputs)


def _forward(inputs: Inputs, seen: Any, real: Any, path: Any) -> Any:
    """Normalize the earlier batches, then x; the running statistics stay on the device."""
    channels = seen.shape[1]
    weights = _stack(real, channels, (inputs.gamma, 1), (inputs.beta, 0))
    running = _stack(real, channels, (inputs.running_mean, 0), (inputs.running_var, 1))
    tensors = launching.Tensors(
        x=cuda.to_device(seen.enter(inputs.x, real)),
        weights=cuda.to_device(weights),
        saved=cuda.device_array((3, channels), real),
        running=cuda.to_device(running),
        y=cuda.device_array(seen.shape, real),
    )
    if not inputs.training:
        launching.Evaluation(seen, MACHINE, real).forward(tensors, inputs.eps)
        return tensors
    for earlier in inputs.earlier:
        tensors.x.copy_to_device(seen.enter(earlier, real))
        path.forward(tensors, inputs.eps, inputs.momentum)
    tensors.x.copy_to_device(seen.enter(inputs.x, real))
    path.forward(tensors, inputs.eps, inputs.momentum)
    return tensors


def _backward(inputs: Inputs, seen: Any, real: Any, path: Any, tensors: Any) -> Actual:
    gradients = launching.Gradients(
        dy=cuda.to_device(seen.enter(inputs.dy, real)),
        dx=cuda.device_array(seen.shape, real),
        weights=cuda.device_array((2, seen.shape[1]), real),
    )
    path.backward(tensors, gradients, training=inputs.training)
    dgamma, dbeta = gradients.weights.copy_to_host()
    answer = {"dx": seen.leave(gradients.dx.copy_to_host()).astype(inputs.x.dtype)}
    if inputs.gamma is not None:
        answer["dgamma"] = _per_channel(inputs, dgamma)
    if inputs.beta is not None:
        answer["dbeta"] = _per_channel(inputs, dbeta)
    return answer


def _statistics(inputs: Inputs, tensors: Any) -> dict[str, Array]:
    mean, variance, inv_std = tensors.saved.copy_to_host()
    answer = {"inv_std": _per_channel(inputs, inv_std)}
    if inputs.training:
        answer |= {"mean": _per_channel(inputs, mean), "var": _per_channel(inputs, variance)}
    if inputs.running_mean is not None:
        running_mean, running_var = tensors.running.copy_to_host()
        answer["running_mean"] = _per_channel(inputs, running_mean)
        answer["running_var"] = _per_channel(inputs, running_var)
    return answer


def _stack(real: Any, channels: int, *rows: tuple[Array | None, float]) -> Array:
    """Per-channel rows as one array; what is absent is its neutral value."""
    flat = np.empty((len(rows), channels), dtype=real)
    for row, (given, neutral) in zip(flat, rows, strict=True):
        row[:] = neutral if given is None else np.asarray(given, dtype=real).reshape(channels)
    return flat


def _per_channel(inputs: Inputs, row: Array) -> Array:
    return row.reshape(inputs.channel_shape).astype(inputs.parameter_dtype)


def _empty(inputs: Inputs) -> Actual:
    """Sums over nothing are 0, and the running statistics stay as they are."""
    zero = np.zeros(inputs.channel_shape, dtype=inputs.parameter_dtype)
    answer = {"y": np.empty_like(inputs.x)}
    if inputs.running_mean is not None and inputs.running_var is not None:
        answer |= {"running_mean": inputs.running_mean.copy()}
        answer |= {"running_var": inputs.running_var.copy()}
    if inputs.dy is not None:
        answer |= {"dx": np.empty_like(inputs.x)}
        answer |= {"dgamma": zero} if inputs.gamma is not None else {}
        answer |= {"dbeta": zero.copy()} if inputs.beta is not None else {}
    return answer


def _device() -> str:
    if SIMULATED:
        return "simulator"
    name = cuda.get_current_device().name
    return f"cuda: {name.decode() if isinstance(name, bytes) else name}"


MANY = 100_000
"""Elements that the simulator takes: a few microseconds each, and milliseconds for each block."""

CAPABILITIES = Capabilities(per_activation=True, max_elements=MANY if SIMULATED else None)

PATHS = (
    Path(
        name="two_pass",
        about="one block per channel, one kernel each way; mean, then squared deviations; "
        "compensated sums",
        run=partial(_run, launching.TwoPass),
        capabilities=CAPABILITIES,
    ),
    Path(
        name="welford",
        about="several blocks per channel, two kernels each way; Welford per thread, Chan's "
        "merge in a tree, the last block merges the blocks",
        run=partial(_run, launching.Welford),
        capabilities=CAPABILITIES,
    ),
    Path(
        name="persistent",
        about="one block per channel, one kernel each way, which reads each value once and keeps "
        "it in shared memory; otherwise two_pass",
        run=_run_persistent,
        capabilities=CAPABILITIES,
    ),
)

ADAPTER = Adapter(name="numba_cuda", packages=("numba-cuda", "numba"), device=_device, paths=PATHS)
