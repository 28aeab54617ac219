"""JAX's example library stax, and the function under it, on JAX's default device."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked also where JAX is absent
from jax.example_libraries import (  # type: ignore[import-not-found, unused-ignore]  # the same
    stax,
)

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from ..jax import calling, machine
from . import layer, reproduction, stated


def _path(
    name: str,
    about: str,
    run: Callable[[Inputs], Actual],
    called: Callable[..., Any],
    *,
    test_mode: bool = True,
) -> Path:
    return Path(
        name=name,
        about=f"{about}, jax.vjp",
        run=run,
        defaults=partial(stated.defaults, called),
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
            stax.BatchNorm,
            test_mode=False,
        ),
        _path(
            "standardize",
            'jax.nn.standardize with its default algorithm="fast", scaled and shifted',
            partial(calling.run_layer, layer.standardize, algorithm="fast"),
            jax.nn.standardize,
        ),
        _path(
            "standardize_stable",
            'jax.nn.standardize(algorithm="stable"), scaled and shifted',
            partial(calling.run_layer, layer.standardize, algorithm="stable"),
            jax.nn.standardize,
        ),
    ),
    reproduce=reproduction.program,
    traits=machine.TRAITS,
)
