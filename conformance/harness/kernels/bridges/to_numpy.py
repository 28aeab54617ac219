"""numpy arrays, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("numpy",)
IN_PLACE = False


def device() -> str:
    """Where kernels run."""
    return "cpu"


def run(
    forward: Forward,
    fences: Mapping[str, Fenced],
    leaves: tuple[str, ...],  # noqa: ARG001 - numpy differentiates nothing
    key: object,  # noqa: ARG001 - nothing is compiled
) -> dict[str, Any]:
    """Call the kernel on the arrays themselves."""
    return forward({name: fence.array for name, fence in fences.items()})
