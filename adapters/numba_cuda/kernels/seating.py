"""Which thread handles which elements: the only place where the two layouts differ.

Every tensor is seen as ``x[outer, channel, inner]``, so NCHW is ``(N, C, H*W)`` and NHWC is
``(N*H*W, C, 1)``. Neighbouring threads must read neighbouring addresses:

- channels first: threads along x walk `inner`, along y `outer`; a block serves ONE channel and
  all of its threads share that channel's sums;
- channels last: threads along x are the channels, along y they walk `outer`; a block serves
  ``blockDim.x`` channels and only the threads of one column share a sum.

Blocks along y and z of the grid split `outer` and `inner` between them. The loops of the kernels
are nested, because recovering the row of a flat index costs a 64-bit division per element, and
their lengths are computed once per thread: a loop whose length the compiler has to find out costs
a division each time it is entered, which is once per element where rows are short.
"""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


@cuda.jit(device=True)
def _steps(first: Any, limit: Any, step: Any) -> Any:
    """How many of ``first, first + step, ...`` are below `limit`."""
    return (limit - first + step - 1) // step if first < limit else 0


@cuda.jit(device=True)
def walk_channels_first(x: Any) -> Any:
    """Which elements of `x` this thread handles.

    Returns:
        ``(channel, rows, first row, row step, columns, first column, column step)``; `rows` and
        `columns` are counts.
    """
    row_step = cuda.gridDim.y * cuda.blockDim.y
    column_step = cuda.gridDim.z * cuda.blockDim.x
    row = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    column = cuda.blockIdx.z * cuda.blockDim.x + cuda.threadIdx.x
    rows = _steps(row, x.shape[0], row_step)
    columns = _steps(column, x.shape[2], column_step)
    return cuda.blockIdx.x, rows, row, row_step, columns, column, column_step


@cuda.jit(device=True)
def walk_channels_last(x: Any) -> Any:
    """The same; a channel beyond the last one has no rows."""
    channel = cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x
    row_step = cuda.gridDim.y * cuda.blockDim.y
    row = cuda.blockIdx.y * cuda.blockDim.y + cuda.threadIdx.y
    rows = _steps(row, x.shape[0], row_step) if channel < x.shape[1] else 0
    return channel, rows, row, row_step, 1, 0, 1


@cuda.jit(device=True)
def seat_channels_first() -> Any:
    """``(seat, seats, thread at seat 0, threads from seat to seat)`` in this channel's team."""
    seat = cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    return seat, cuda.blockDim.x * cuda.blockDim.y, 0, 1


@cuda.jit(device=True)
def seat_channels_last() -> Any:
    """The same; a column of the block is a team."""
    return cuda.threadIdx.y, cuda.blockDim.y, cuda.threadIdx.x, cuda.blockDim.x
