"""One block per channel (or per tile of channels), one kernel forward and one backward.

Forward reads x for the mean, again for the squared deviations from that mean, and again to
normalize: a channel that fits the cache is read from memory once. Backward reads x and dy twice.
All sums are compensated, so accuracy depends neither on M nor on the number of threads.

Every kernel sees its tensors as ``[outer, channel, inner]``, see ``seating.py``.
"""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Kernel
from .elementwise import make_write_dx, make_write_y
from .statistics import keep
from .sums import make_local_sums
from .team import Team

# ruff: noqa: PLR0917 - kernels are launched by position, Numba knows no keywords
# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


def make_spread(team: Team) -> Kernel:
    """Build the device function ``spread(x, scratch) -> mean, biased variance``."""
    real, walk, add, total, reduce = team.real, team.walk, team.add, team.total, team.reduce_sum
    zero = real(0)

    @cuda.jit(device=True)
    def spread(x: Any, scratch: Any) -> Any:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        count = real(x.shape[0] * x.shape[2])
        s = (zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                s = add(s, (x[row, channel, column], zero))
                column += column_step
            row += row_step
        mean = total(reduce(s, scratch)) / count
        s = (zero, zero)
        squares = (zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                d = x[row, channel, column] - mean
                s = add(s, (d, zero))
                squares = add(squares, (d * d, zero))
                column += column_step
            row += row_step
        # sum of d is 0 but for the rounding of the mean, whose square it takes out of the other
        # (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance", 1.7).
        rest = total(reduce(s, scratch))
        variance = (total(reduce(squares, scratch)) - rest * rest / count) / count
        return mean, (zero if variance < zero else variance)  # noqa: FURB136 - max() would lose a NaN

    return spread


def make_forward(team: Team) -> Kernel:
    """Build ``forward(x, weights, eps, momentum, y, saved, running)``, training mode.

    `weights` is ``(2, C)``: gamma and beta; `saved` and `running` are those of `statistics.keep`.
    """
    dtype, walk, seat_of = team.dtype, team.walk, team.seat_of
    spread, write_y = make_spread(team), make_write_y(team)

    @cuda.jit
    def forward(
        x: Any, weights: Any, eps: Any, momentum: Any, y: Any, saved: Any, running: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        channel = walk(x)[0]
        mean, variance = spread(x, scratch)
        if channel < x.shape[1] and seat_of()[0] == 0:
            count = x.shape[0] * x.shape[2]
            keep(channel, mean, variance, count, eps, momentum, saved, running)
        cuda.syncthreads()
        write_y(x, weights, saved, y)

    return forward


def make_backward(team: Team) -> Kernel:
    """Build ``backward(x, dy, weights, saved, training, dx, gradients)``, both modes.

    `gradients` is ``(2, C)`` and receives dgamma and dbeta.
    """
    dtype, walk, seat_of = team.dtype, team.walk, team.seat_of
    total, reduce = team.total, team.reduce_sum
    local_sums, write_dx = make_local_sums(team), make_write_dx(team)

    @cuda.jit
    def backward(
        x: Any, dy: Any, weights: Any, saved: Any, training: Any, dx: Any, gradients: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        channel = walk(x)[0]
        s, products = local_sums(x, dy, saved)
        dbeta = total(reduce(s, scratch))
        product = total(reduce(products, scratch))
        if channel < x.shape[1] and seat_of()[0] == 0:
            gradients[0, channel] = product * saved[2, channel]
            gradients[1, channel] = dbeta
        cuda.syncthreads()
        write_dx(x, dy, weights, saved, gradients, training, dx)

    return backward
