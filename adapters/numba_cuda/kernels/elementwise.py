"""Per element, from finished statistics: y in both modes, and dx. No sums, no divisions."""

from __future__ import annotations

from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Device, Kernel
from .team import Team

# ruff: noqa: PLR0917 - kernels are launched by position, Numba knows no keywords
# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


def make_write_y(team: Team) -> Device:
    """Build ``write_y(x, weights, saved, y)`` for one thread's elements.

    ``y = gamma * (x - mean) * inv_std + beta``, of both modes.
    """
    walk = team.walk

    @cuda.jit(device=True)
    def write_y(x: Any, weights: Any, saved: Any, y: Any) -> None:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        if rows > 0:
            mean = saved[0, channel]
            scale = weights[0, channel] * saved[2, channel]
            shift = weights[1, channel]
            row = first_row
            for _ in range(rows):
                column = first_column
                for _ in range(columns):
                    y[row, channel, column] = (x[row, channel, column] - mean) * scale + shift

                    column += column_step
                row += row_step

    return write_y


def make_write_dx(team: Team) -> Device:
    """Build ``write_dx(x, dy, weights, saved, gradients, training, dx)`` for one thread's elements.

    Training mode: ``gamma * inv_std * (dy - mean(dy) - (x - mean) * inv_std * dgamma / M)``, the
    chain rule of Ioffe and Szegedy (2015), section 3, collected by powers of ``1 / M``.
    Test mode: ``gamma * inv_std * dy``, which a non-finite x must not touch.
    """
    real, walk = team.real, team.walk

    @cuda.jit(device=True)
    def write_dx(
        x: Any, dy: Any, weights: Any, saved: Any, gradients: Any, training: Any, dx: Any
    ) -> None:
        channel, rows, first_row, row_step, columns, first_column, column_step = walk(x)
        if rows > 0:
            mean = saved[0, channel]
            inv_std = saved[2, channel]
            scale = weights[0, channel] * inv_std
            count = real(x.shape[0] * x.shape[2])
            mean_dy = gradients[1, channel] / count
            slope = gradients[0, channel] * inv_std / count
            row = first_row
            for _ in range(rows):
                column = first_column
                for _ in range(columns):
                    g = dy[row, channel, column]
                    if training:
                        g = (g - mean_dy) - (x[row, channel, column] - mean) * slope
                    dx[row, channel, column] = g * scale

                    column += column_step
                row += row_step

    return write_dx


def make_normalize(team: Team) -> Kernel:
    """Build the kernel that is `make_write_y` and nothing else."""
    write_y = make_write_y(team)

    @cuda.jit
    def normalize(x: Any, weights: Any, saved: Any, y: Any) -> None:
        write_y(x, weights, saved, y)

    return normalize


def make_input_gradient(team: Team) -> Kernel:
    """Build the kernel that is `make_write_dx` and nothing else."""
    write_dx = make_write_dx(team)

    @cuda.jit
    def input_gradient(
        x: Any, dy: Any, weights: Any, saved: Any, gradients: Any, training: Any, dx: Any
    ) -> None:
        write_dx(x, dy, weights, saved, gradients, training, dx)

    return input_gradient
