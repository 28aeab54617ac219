"""JAX's example library stax, and the function under it, on JAX's default device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from ..jax import calling, machine
from . import layer, reproduction


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
    device=machine.device,
    paths=(
        _path(
            "batch_norm",
            "jax.example_libraries.stax.BatchNorm(axis=...), which has no test mode",
            partial(calling.run_layer, layer.batch_norm),
            test_mode=False,
        ),
        _path(
            "standardize",
            'jax.nn.standardize with its default algorithm="fast", scaled and shifted',
            partial(calling.run_layer, layer.standardize, algorithm="fast"),
        ),
        _path(
            "standardize_stable",
            'jax.nn.standardize(algorithm="stable"), scaled and shifted',
            partial(calling.run_layer, layer.standardize, algorithm="stable"),
        ),
    ),
    reproduce=reproduction.program,
    traits=machine.TRAITS,
)
