"""JAX's example library stax, and the function under it, on JAX's default device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import calling, layer, machine, reproduction

# Without this JAX turns float64 into float32, and says nothing.
jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's own signature


def device() -> str:
    """Where the paths run."""
    first = jax.devices()[0]
    return "cpu" if first.platform == "cpu" else f"{first.platform}: {first.device_kind}"


def _run(inputs: Inputs, forward: Callable[..., Any], **chosen: str) -> Actual:
    static = {**calling.settings(inputs), **chosen}
    return calling.call(forward, inputs.given(), static)


def _path(
    name: str, about: str, run: Callable[[Inputs], Actual], *, test_mode: bool = True
) -> Path:
    return Path(
        name=name,
        about=f"{about}, jax.vjp",
        run=run,
        probes=(machine.HALF,),
        dialect=Dialect(running_var="none", saves="nothing"),
        capabilities=Capabilities(
            mixed=frozenset(),  # half-precision x beside float32 parameters gives a float32 y
            per_activation=True,
            test_mode=test_mode,
        ),
    )


ADAPTER = Adapter(
    name="stax",
    packages=("jax", "jaxlib"),
    device=device,
    paths=(
        _path(
            "batch_norm",
            "jax.example_libraries.stax.BatchNorm(axis=...), which has no test mode",
            partial(_run, forward=layer.batch_norm),
            test_mode=False,
        ),
        _path(
            "standardize",
            'jax.nn.standardize with its default algorithm="fast", scaled and shifted',
            partial(_run, forward=layer.standardize, algorithm="fast"),
        ),
        _path(
            "standardize_stable",
            'jax.nn.standardize(algorithm="stable"), scaled and shifted',
            partial(_run, forward=layer.standardize, algorithm="stable"),
        ),
    ),
    reproduce=reproduction.program,
    traits={
        "fused-multiply-add": machine.fuses,
        "float16-under-xla": machine.converts_half,
        "float16-arithmetic": machine.computes_half,
    },
)
