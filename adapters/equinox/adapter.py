"""Equinox on JAX's default device: its one layer, in each of its modes."""

from __future__ import annotations

from functools import partial

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from ..jax import machine
from . import layer, reproduction, stated


def _path(mode: str, about: str) -> Path:
    return Path(
        name=mode,
        about=f'equinox.nn.BatchNorm(mode="{mode}") under jax.vmap, {about}; jax.vjp',
        run=partial(layer.run, mode=mode),
        defaults=partial(stated.defaults, mode),
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
    device=machine.device,
    paths=(
        _path("batch", "training by the statistics of the batch"),
        _path("ema", "training by the running statistics after their update"),
        _path("legacy", "the default: ema"),
    ),
    reproduce=reproduction.program,
    traits=machine.TRAITS,
)
