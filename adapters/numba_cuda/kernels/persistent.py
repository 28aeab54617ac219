"""One block per channel (or per tile of channels) that keeps what it has read on the chip.

Forward reads x once from memory, where ``two_pass.py`` reads it three times, and backward x and dy
once instead of twice: later passes find them in shared memory, which limits how long a channel may
be. The arithmetic is that of ``two_pass.py``, step for step; with the same blocks both give the
same bits.

A thread keeps what it handles itself, in the order of its walk, beyond the rows that the reductions
use: its k-th number lies at ``(RESERVED + k) * threads + thread``. A warp thus meets no bank
conflict, and nobody waits for what another has kept. Tensors are ``[outer, channel, inner]``, see
``seating.py``.
"""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Device, Kernel
from .reduction import PAIR
from .statistics import keep
from .team import Team

# ruff: noqa: PLR0917 - kernels are launched by position, Numba knows no keywords
# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.

RESERVED = PAIR.members
"""Numbers per thread at the start of the shared memory that the reductions use."""


@cuda.jit(device=True)
def _place() -> Any:
    """Where this thread keeps its first value, and how far it is to the next."""
    threads = cuda.blockDim.x * cuda.blockDim.y
    return RESERVED * threads + cuda.threadIdx.y * cuda.blockDim.x + cuda.threadIdx.x, threads


def make_hold(team: Team) -> Device:
    """Build ``hold(x, scratch)``: keep this thread's values and give their compensated sum."""
    real, walk, add = team.real, team.walk, team.add
    zero = real(0)

    @cuda.jit(device=True)
    def hold(x: Any, scratch: Any) -> Any:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        at, step = _place()
        s = (zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                value = x[row, channel, column]
                scratch[at] = value
                s = add(s, (value, zero))
                at += step
                column += column_step
            row += row_step
        return s

    return hold


def make_spread(team: Team) -> Device:
    """Build ``spread(x, scratch) -> mean, biased variance``; the values of x are kept then."""
    real, walk, add, total, reduce = team.real, team.walk, team.add, team.total, team.reduce_sum
    hold = make_hold(team)
    zero = real(0)

    @cuda.jit(device=True)
    def spread(x: Any, scratch: Any) -> Any:
        _, rows, _, _, columns, _, _ = walk(x)
        count = real(x.shape[0] * x.shape[2])
        mean = total(reduce(hold(x, scratch), scratch)) / count
        at, step = _place()
        s = (zero, zero)
        squares = (zero, zero)
        for _ in range(rows * columns):
            d = scratch[at] - mean
            s = add(s, (d, zero))
            squares = add(squares, (d * d, zero))
            at += step
        # As in two_pass.py: what the rounding of the mean has added is taken out again.
        rest = total(reduce(s, scratch))
        variance = (total(reduce(squares, scratch)) - rest * rest / count) / count
        return mean, (zero if variance < zero else variance)  # noqa: FURB136 - max() would lose a NaN

    return spread


def make_forward(team: Team) -> Kernel:
    """Build ``persistent_forward(x, weights, eps, momentum, y, saved, running)``, training mode."""
    dtype, walk, seat_of = team.dtype, team.walk, team.seat_of
    spread, write_y = make_spread(team), make_write_y(team)

    @cuda.jit
    def persistent_forward(
        x: Any, weights: Any, eps: Any, momentum: Any, y: Any, saved: Any, running: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        channel = walk(x)[0]
        mean, variance = spread(x, scratch)
        if channel < x.shape[1] and seat_of()[0] == 0:
            count = x.shape[0] * x.shape[2]
            keep(channel, mean, variance, count, eps, momentum, saved, running)
        cuda.syncthreads()
        write_y(scratch, weights, saved, y)

    return persistent_forward


def make_write_y(team: Team) -> Device:
    """Build ``write_y(scratch, weights, saved, y)``: that of ``elementwise.py``, of kept values."""
    walk = team.walk

    @cuda.jit(device=True)
    def write_y(scratch: Any, weights: Any, saved: Any, y: Any) -> None:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(y)
        if rows > 0:
            mean = saved[0, channel]
            scale = weights[0, channel] * saved[2, channel]
            shift = weights[1, channel]
            at, step = _place()
            row = first_row
            for _ in range(rows):
                column = first_column
                for _ in range(columns):
                    y[row, channel, column] = (scratch[at] - mean) * scale + shift
                    at += step
                    column += column_step
                row += row_step

    return write_y


def make_local_sums(team: Team) -> Device:
    """Build ``local_sums(x, dy, saved, scratch)``: that of ``sums.py``, which keeps what it reads.

    Of dy and of ``x - mean``, one after the other: nothing else of x is needed afterwards.
    """
    real, walk, add = team.real, team.walk, team.add
    zero = real(0)

    @cuda.jit(device=True)
    def local_sums(x: Any, dy: Any, saved: Any, scratch: Any) -> Any:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        mean = saved[0, channel] if rows > 0 else zero
        at, step = _place()
        s = (zero, zero)
        products = (zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                g = dy[row, channel, column]
                d = x[row, channel, column] - mean
                scratch[at] = g
                scratch[at + step] = d
                s = add(s, (g, zero))
                products = add(products, (g * d, zero))
                at += 2 * step
                column += column_step
            row += row_step
        return s, products

    return local_sums


def make_backward(team: Team) -> Kernel:
    """Build ``persistent_backward(x, dy, weights, saved, training, dx, gradients)``, both modes."""
    dtype, walk, seat_of = team.dtype, team.walk, team.seat_of
    total, reduce = team.total, team.reduce_sum
    local_sums, write_dx = make_local_sums(team), make_write_dx(team)

    @cuda.jit
    def persistent_backward(
        x: Any, dy: Any, weights: Any, saved: Any, training: Any, dx: Any, gradients: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        channel = walk(x)[0]
        s, products = local_sums(x, dy, saved, scratch)
        dbeta = total(reduce(s, scratch))
        product = total(reduce(products, scratch))
        if channel < x.shape[1] and seat_of()[0] == 0:
            gradients[0, channel] = product * saved[2, channel]
            gradients[1, channel] = dbeta
        cuda.syncthreads()
        write_dx(scratch, weights, saved, gradients, training, dx)

    return persistent_backward


def make_write_dx(team: Team) -> Device:
    """Build ``write_dx(scratch, weights, saved, gradients, training, dx)``, of kept values.

    The formula is that of ``elementwise.py``.
    """
    real, walk = team.real, team.walk

    @cuda.jit(device=True)
    def write_dx(
        scratch: Any, weights: Any, saved: Any, gradients: Any, training: Any, dx: Any
    ) -> None:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(dx)
        if rows > 0:
            inv_std = saved[2, channel]
            scale = weights[0, channel] * inv_std
            count = real(dx.shape[0] * dx.shape[2])
            mean_dy = gradients[1, channel] / count
            slope = gradients[0, channel] * inv_std / count
            at, step = _place()
            row = first_row
            for _ in range(rows):
                column = first_column
                for _ in range(columns):
                    g = scratch[at]
                    if training:
                        g = (g - mean_dy) - scratch[at + step] * slope
                    dx[row, channel, column] = g * scale
                    at += 2 * step
                    column += column_step
                row += row_step

    return write_dx
