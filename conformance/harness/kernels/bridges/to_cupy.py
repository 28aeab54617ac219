"""CuPy's arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cupy  # type: ignore[import-not-found, unused-ignore]  # needs CUDA

from conformance.errors import Unsupported
from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("cupy", "cupy-cuda12x", "cupy-cuda13x")
IN_PLACE = True


def device() -> str:
    """Where kernels run."""
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    return f"cuda: {name}"


def run(
    forward: Forward,
    fences: Mapping[str, Fenced],
    leaves: tuple[str, ...],  # noqa: ARG001 - CuPy differentiates nothing
    key: object,  # noqa: ARG001 - CuPy compiles by itself
) -> dict[str, Any]:
    """Call the launcher on device arrays with the strides that the case asks for."""
    flats, views = {}, {}
    for name, fence in fences.items():
        if fence.flat.dtype.kind != "f":
            raise Unsupported(f"no {fence.flat.dtype} in CuPy")
        flats[name] = cupy.asarray(fence.flat)
        views[name] = _view(flats[name], fence)
    found = forward(views)
    cupy.cuda.get_current_stream().synchronize()
    for name, fence in fences.items():
        fence.flat[...] = flats[name].get()
    return found


def _view(flat: Any, fence: Fenced) -> Any:
    item = flat.itemsize
    strides = tuple(step * item for step in fence.steps)
    inner = flat[fence.start :]
    view = cupy.lib.stride_tricks.as_strided(inner, fence.shape, strides)
    return cupy.flip(view, fence.reversed_axes) if fence.reversed_axes else view
