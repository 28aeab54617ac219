"""Numba's CUDA arrays, for launchers that take what speaks ``__cuda_array_interface__``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numba import config, cuda  # type: ignore[import-not-found, unused-ignore]  # not always there

from conformance.errors import Unsupported
from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("numba", "numba-cuda")
IN_PLACE = True


def device() -> str:
    """Where kernels run."""
    return "simulator" if config.ENABLE_CUDASIM else f"cuda: {cuda.get_current_device().name}"


def run(
    forward: Forward,
    fences: Mapping[str, Fenced],
    leaves: tuple[str, ...],  # noqa: ARG001 - Numba differentiates nothing
    key: object,  # noqa: ARG001 - Numba compiles by itself
) -> dict[str, Any]:
    """Call the launcher on contiguous device arrays that lie inside of their fences."""
    flats, views = {}, {}
    for name, fence in fences.items():
        if fence.flat.dtype.kind != "f":
            raise Unsupported(f"no {fence.flat.dtype}: CUDA's array interface has no such type")
        flats[name] = cuda.to_device(fence.flat)
        views[name] = _view(flats[name], fence)
    found = forward(views)
    cuda.synchronize()
    for name, fence in fences.items():
        flats[name].copy_to_host(fence.flat)
    return found


def _view(flat: Any, fence: Fenced) -> Any:
    array = fence.array
    if not array.flags.c_contiguous:
        return cuda.to_device(array.copy(order="C"))
    return flat[fence.start : fence.start + array.size].reshape(array.shape)
