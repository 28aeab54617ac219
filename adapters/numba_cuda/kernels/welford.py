"""Several blocks per channel: statistics first, one element at a time, then a kernel per element.

Each thread merges its few values into a running count, mean and sum of squared deviations
(Welford); threads, then blocks, merge theirs pairwise (Chan). Blocks leave their part in global
memory and draw a ticket; the one that draws the last merges all parts. A tensor with few channels
thus still fills the device, and no thread has more than a short run of values to merge.

``parts`` is ``(blocks per channel, members of the state, C)``; ``tickets`` counts the blocks that
are done, from zero, per ``blockIdx.x``. Tensors are ``[outer, channel, inner]``, see
``seating.py``.
"""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Kernel
from .reduction import is_last_block
from .statistics import keep
from .sums import make_local_sums
from .team import Team

# ruff: noqa: PLR0917 - kernels are launched by position, Numba knows no keywords
# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


def make_local_moments(team: Team) -> Kernel:
    """Build the device function that merges the elements of one thread."""
    real, walk, merge = team.real, team.walk, team.merge
    zero, one = real(0), real(1)

    @cuda.jit(device=True)
    def local_moments(x: Any) -> Any:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        state = (zero, zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                state = merge(state, (one, x[row, channel, column], zero))
                column += column_step
            row += row_step
        return state

    return local_moments


def make_statistics(team: Team) -> Kernel:
    """Build ``statistics(x, eps, momentum, parts, tickets, saved, running)``."""
    real, dtype, walk, seat_of = team.real, team.dtype, team.walk, team.seat_of
    merge, reduce = team.merge, team.reduce_moments
    local_moments = make_local_moments(team)
    zero = real(0)

    @cuda.jit
    def statistics(
        x: Any, eps: Any, momentum: Any, parts: Any, tickets: Any, saved: Any, running: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        seat, seats, _, _ = seat_of()
        channel = walk(x)[0]
        here = channel < x.shape[1]
        state = reduce(local_moments(x), scratch)
        if here and seat == 0:
            part = cuda.blockIdx.z * cuda.gridDim.y + cuda.blockIdx.y
            for member in range(3):
                parts[part, member, channel] = state[member]
        if is_last_block(tickets, scratch, parts.shape[0]):
            state = (zero, zero, zero)
            for part in range(seat, parts.shape[0] if here else 0, seats):
                theirs = (parts[part, 0, channel], parts[part, 1, channel], parts[part, 2, channel])
                state = merge(state, theirs)
            state = reduce(state, scratch)
            if here and seat == 0:
                count = x.shape[0] * x.shape[2]
                keep(
                    channel, state[1], state[2] / real(count), count, eps, momentum, saved, running
                )

    return statistics


def make_gradient_sums(team: Team) -> Kernel:
    """Build ``gradient_sums(x, dy, saved, parts, tickets, gradients)``.

    `gradients` is ``(2, C)`` and receives dgamma and dbeta.
    """
    real, dtype, walk, seat_of = team.real, team.dtype, team.walk, team.seat_of
    add, total, reduce = team.add, team.total, team.reduce_sum
    local_sums = make_local_sums(team)
    zero = real(0)

    @cuda.jit
    def gradient_sums(
        x: Any, dy: Any, saved: Any, parts: Any, tickets: Any, gradients: Any
    ) -> None:
        scratch = cuda.shared.array(0, dtype)
        seat, seats, _, _ = seat_of()
        channel = walk(x)[0]
        here = channel < x.shape[1]
        s, products = local_sums(x, dy, saved)
        s = reduce(s, scratch)
        products = reduce(products, scratch)
        if here and seat == 0:
            part = cuda.blockIdx.z * cuda.gridDim.y + cuda.blockIdx.y
            for member in range(2):
                parts[part, member, channel] = s[member]
                parts[part, 2 + member, channel] = products[member]
        if is_last_block(tickets, scratch, parts.shape[0]):
            s = (zero, zero)
            products = (zero, zero)
            for part in range(seat, parts.shape[0] if here else 0, seats):
                s = add(s, (parts[part, 0, channel], parts[part, 1, channel]))
                products = add(products, (parts[part, 2, channel], parts[part, 3, channel]))
            dbeta = total(reduce(s, scratch))
            product = total(reduce(products, scratch))
            if here and seat == 0:
                gradients[0, channel] = product * saved[2, channel]
                gradients[1, channel] = dbeta

    return gradient_sums
