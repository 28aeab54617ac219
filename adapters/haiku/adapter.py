"""Haiku on JAX's default device: its one layer."""

from __future__ import annotations

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from ..jax import machine
from . import layer, reproduction, stated

ADAPTER = Adapter(
    name="haiku",
    packages=("dm-haiku", "jmp", "jax", "jaxlib"),
    device=machine.device,
    paths=(
        Path(
            name="layer",
            about="haiku.BatchNorm(axis=...), jax.vjp; a policy of jmp where types are mixed",
            run=layer.run,
            defaults=stated.defaults,
            probes=(machine.HALF,),
            dialect=Dialect(running_var="biased", momentum="old", saves="nothing"),
            capabilities=Capabilities(per_activation=True),
        ),
    ),
    reproduce=reproduction.program,
    traits=machine.TRAITS,
)
