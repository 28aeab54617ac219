"""Keras 3: its one layer on each of its backends, which the process chooses when it starts."""

from __future__ import annotations

import os
from collections.abc import Callable

# A path's worker is started with its backend; whoever only lists the paths takes the lightest.
os.environ.setdefault("KERAS_BACKEND", "numpy")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.adapter import MASKS, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import forward, machine, on_jax, on_tensorflow, on_torch, reproduction, stated

BACKEND = "KERAS_BACKEND"
"""Read when Keras is imported."""


def device() -> str:
    """Where the paths run: where the backend puts a number, in its own words if no processor."""
    where = str(getattr(keras.ops.convert_to_tensor(1.0), "device", "cpu"))
    return "cpu" if "cpu" in where.lower() else where


def _path(name: str, how: str, run: Callable[[Inputs], Actual]) -> Path:
    return Path(
        name=name,
        about=f"keras.layers.BatchNormalization on {how}",
        run=run,
        defaults=stated.defaults,
        dialect=Dialect(running_var="biased", momentum="old", saves="nothing"),
        capabilities=Capabilities(masks=MASKS),
        switches={BACKEND: name},
        probes=(machine.HALF,) if name == "jax" else (),
    )


ADAPTER = Adapter(
    name="keras",
    packages=("keras", "torch", "tensorflow-cpu", "jax", "jaxlib", "openvino"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path("torch", "PyTorch, torch.autograd.grad", on_torch.run),
        _path("jax", "JAX: stateless_call under jax.jit, jax.vjp", on_jax.run),
        _path("tensorflow", "TensorFlow, eager, tf.GradientTape", on_tensorflow.run),
        _path("numpy", "numpy, which has no gradients", forward.run),
        _path("openvino", "OpenVINO, which has no gradients", forward.run),
    ),
)
