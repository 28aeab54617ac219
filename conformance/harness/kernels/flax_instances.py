"""One instance of a Flax module, of whichever of its two interfaces."""

from __future__ import annotations

from typing import Any

from flax import (  # type: ignore[import-not-found, unused-ignore]  # checked without Flax too
    nnx,
)

from conformance.case import Inputs
from conformance.harness.kernels import flax_layers
from conformance.harness.kernels.linen_instance import LinenInstance
from conformance.harness.kernels.nnx_instance import NnxInstance
from conformance.harness.kernels.steps import Instance


def instance(module: Any, first: Inputs, momentum: float) -> Instance:
    """An instance with the options, parameters and running statistics of the first call."""
    plan = flax_layers.plan(module)
    make = flax_layers.maker(plan, first, momentum)
    is_nnx = issubclass(module, nnx.Module)
    return NnxInstance(plan, make, first) if is_nnx else LinenInstance(plan, make, first)
