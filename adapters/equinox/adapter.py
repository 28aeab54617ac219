"""Equinox on JAX's default device: its one layer, in each of its modes."""

from __future__ import annotations

from functools import partial

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import layer, machine, reproduction

# Without this JAX turns float64 into float32, and says nothing.
jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's own signature


def device() -> str:
    """Where the paths run."""
    first = jax.devices()[0]
    return "cpu" if first.platform == "cpu" else f"{first.platform}: {first.device_kind}"


def _path(mode: str, about: str) -> Path:
    return Path(
        name=mode,
        about=f'equinox.nn.BatchNorm(mode="{mode}") under jax.vmap, {about}; jax.vjp',
        run=partial(layer.run, mode=mode),
        probes=(machine.HALF,),
        dialect=Dialect(
            running_var="biased", momentum="old", saves="nothing", layout="channels_first"
        ),
        capabilities=Capabilities(
            mixed=frozenset(),  # half-precision x beside float32 parameters gives a float32 y
        ),
    )


ADAPTER = Adapter(
    name="equinox",
    packages=("equinox", "jax", "jaxlib"),
    device=device,
    paths=(
        _path("batch", "training by the statistics of the batch"),
        _path("ema", "training by the running statistics after their update"),
        _path("legacy", "the default: ema"),
    ),
    reproduce=reproduction.program,
    traits={
        "fused-multiply-add": machine.fuses,
        "float16-under-xla": machine.converts_half,
        "float16-arithmetic": machine.computes_half,
    },
)
