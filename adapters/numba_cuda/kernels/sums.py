"""What the gradients of gamma and beta are made of, summed over one thread's elements."""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Device
from .team import Team

# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


def make_local_sums(team: Team) -> Device:
    """Build ``local_sums(x, dy, saved)``: compensated sums of dy and of ``dy * (x - mean)``.

    The second is dgamma / inv_std: the mean is subtracted before the product, since
    ``sum dy * x - mean * sum dy`` cancels where the mean is large.
    """
    real, walk, add = team.real, team.walk, team.add
    zero = real(0)

    @cuda.jit(device=True)
    def local_sums(x: Any, dy: Any, saved: Any) -> Any:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        mean = saved[0, channel] if rows > 0 else zero
        s = (zero, zero)
        products = (zero, zero)
        row = first_row
        for _ in range(rows):
            column = first_column
            for _ in range(columns):
                g = dy[row, channel, column]
                s = add(s, (g, zero))
                products = add(products, (g * (x[row, channel, column] - mean), zero))
                column += column_step
            row += row_step
        return s, products

    return local_sums
