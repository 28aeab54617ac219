"""Haiku on JAX's default device: its one layer."""

from __future__ import annotations

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import layer, machine, reproduction

# Without this JAX turns float64 into float32, and says nothing.
jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - JAX's own signature


def device() -> str:
    """Where the path runs."""
    first = jax.devices()[0]
    return "cpu" if first.platform == "cpu" else f"{first.platform}: {first.device_kind}"


ADAPTER = Adapter(
    name="haiku",
    packages=("dm-haiku", "jmp", "jax", "jaxlib"),
    device=device,
    paths=(
        Path(
            name="layer",
            about="haiku.BatchNorm(axis=...), jax.vjp; a policy of jmp where types are mixed",
            run=layer.run,
            probes=(machine.HALF,),
            dialect=Dialect(running_var="biased", momentum="old", saves="nothing"),
            capabilities=Capabilities(per_activation=True),
        ),
    ),
    reproduce=reproduction.program,
    traits={
        "fused-multiply-add": machine.fuses,
        "float16-under-xla": machine.converts_half,
        "float16-arithmetic": machine.computes_half,
    },
)
