"""How arrays reach a kernel in its framework's own form: one file per framework.

A framework is imported only where a kernel needs it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

if TYPE_CHECKING:
    from conformance.harness.kernels.fence import Fenced

FRAMEWORKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "numpy": (),
        "torch": ("torch", "triton"),
        "jax": ("jax", "jaxlib"),
        "tensorflow": ("tensorflow", "keras"),
        "cupy": ("cupy",),
        "numba": ("numba.cuda",),
    }
)
"""Arrays that a kernel may take, to the modules whose use tells it; the most telling first.

Each has a file ``to_<arrays>.py`` here.
"""

Given: TypeAlias = Mapping[str, Any]
"""The arrays of a call in a framework's form, by the contract's names."""

Forward: TypeAlias = Callable[[Given], dict[str, Any]]
"""Calls the kernel; returns what it returned, by output name."""


class Bridge(Protocol):
    """One framework's side.

    Attributes:
        PACKAGES: Distributions whose versions a report shows, the framework first.
        IN_PLACE: Whether kernels of this framework update running statistics in place.
    """

    PACKAGES: tuple[str, ...]
    IN_PLACE: bool

    def device(self) -> str:
        """Where kernels run."""

    def run(
        self,
        forward: Forward,
        fences: Mapping[str, Fenced],
        leaves: tuple[str, ...],
        key: object,
    ) -> dict[str, Any]:
        """Call `forward` on the arrays of `fences`.

        Args:
            forward: Calls the kernel.
            fences: The arrays; what the kernel writes to them shows there afterwards.
            leaves: Arrays to differentiate by, where ``fences["dy"]`` is to be pulled back through
                y; empty where the kernel computes its gradients or none are due.
            key: What besides shapes and types makes two calls different programs.

        Returns:
            The outputs; running statistics that were updated in place among them.
        """


def bridge(arrays: str) -> Bridge:
    """The bridge for one of `FRAMEWORKS`."""
    module = importlib.import_module(f"conformance.harness.kernels.bridges.to_{arrays}")
    return cast("Bridge", module)
