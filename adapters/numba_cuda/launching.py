"""The kernels of one type and layout on one device, and the order in which a path starts them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked
from numba.cuda.core.errors import (  # type: ignore[import-not-found, unused-ignore]  # the same
    NumbaPerformanceWarning,
)

from .geometry import Launch, Machine, View, lay, lay_holding
from .kernels import elementwise, persistent, team, two_pass, welford
from .kernels.arithmetic import Kernel, Real
from .kernels.reduction import PAIR, TRIPLE
from .kernels.statistics import from_running


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """The arrays of one call on the device; C channels, all of one type.

    Attributes:
        x: ``[outer, C, inner]``.
        weights: ``(2, C)``: gamma and beta.
        saved: ``(3, C)``: mean, biased variance and inv_std, from forward to backward.
        running: ``(2, C)``: running mean and variance, updated in place.
        y: Shape of `x`.
    """

    x: Any
    weights: Any
    saved: Any
    running: Any
    y: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients:
    """What the backward pass reads and writes, on the device.

    Attributes:
        dy: Shape of x.
        dx: Shape of x.
        weights: ``(2, C)``: dgamma and dbeta.
    """

    dy: Any
    dx: Any
    weights: Any


class Program(Protocol):
    """A path: training mode forward, and backward of both modes."""

    def forward(self, tensors: Tensors, eps: float, momentum: float) -> None:
        """Fill `y` and `saved`, update `running`."""

    def backward(self, tensors: Tensors, gradients: Gradients, *, training: bool) -> None:
        """Fill `gradients` from `x`, `weights` and `saved`."""


class _OneBlock:
    """One kernel each way, one block per channel or tile of channels: both launched alike."""

    _forward: Kernel
    _backward: Kernel

    def forward(self, tensors: Tensors, eps: float, momentum: float) -> None:
        """Fill `y` and `saved`, update `running`."""
        t = tensors
        self._forward(t.x, t.weights, eps, momentum, t.y, t.saved, t.running)

    def backward(self, tensors: Tensors, gradients: Gradients, *, training: bool) -> None:
        """Fill `gradients` from `x`, `weights` and `saved`."""
        t, g = tensors, gradients
        self._backward(t.x, g.dy, t.weights, t.saved, training, g.dx, g.weights)


class TwoPass(_OneBlock):
    """The values are read from memory again for each pass."""

    def __init__(self, seen: View, machine: Machine, real: Real) -> None:
        """Lay the blocks and build the kernels, once per type and layout."""
        launch = lay(seen, machine, shared=False)
        made = _team(real, simulated=machine.simulated, channels_last=seen.channels_last)
        laid = launch.configuration(PAIR.members, real)
        self._forward, self._backward = (kernel[laid] for kernel in _two_pass(made))


class Welford:
    """Two kernels each way, several blocks per channel."""

    def __init__(self, seen: View, machine: Machine, real: Real) -> None:
        """Lay the blocks and build the kernels, once per type and layout."""
        self._launch = lay(seen, machine, shared=True)
        self._real = real
        made = _team(real, simulated=machine.simulated, channels_last=seen.channels_last)
        self._statistics, self._normalize, self._sums, self._gradient = _welford(made)

    def forward(self, tensors: Tensors, eps: float, momentum: float) -> None:
        """Fill `y` and `saved`, update `running`."""
        t = tensors
        parts, tickets = self._meeting(TRIPLE.members, t.x.shape[1])
        statistics = self._statistics[self._launch.configuration(TRIPLE.members, self._real)]
        statistics(t.x, eps, momentum, parts, tickets, t.saved, t.running)
        self._normalize[self._launch.configuration(0, self._real)](t.x, t.weights, t.saved, t.y)

    def backward(self, tensors: Tensors, gradients: Gradients, *, training: bool) -> None:
        """Fill `gradients` from `x`, `weights` and `saved`."""
        t, g = tensors, gradients
        parts, tickets = self._meeting(2 * PAIR.members, t.x.shape[1])
        sums = self._sums[self._launch.configuration(PAIR.members, self._real)]
        sums(t.x, g.dy, t.saved, parts, tickets, g.weights)
        gradient = self._gradient[self._launch.configuration(0, self._real)]
        gradient(t.x, g.dy, t.weights, t.saved, g.weights, training, g.dx)

    def _meeting(self, members: int, channels: int) -> tuple[Any, Any]:
        """Where blocks that share a channel leave their parts, and their tickets."""
        parts = cuda.device_array((self._launch.parts, members, channels), self._real)
        return parts, cuda.to_device(np.zeros(self._launch.grid[0], dtype=np.int32))


class Persistent(_OneBlock):
    """A block keeps its values after the first pass."""

    def __init__(self, seen: View, machine: Machine, real: Real) -> None:
        """Lay the blocks of each way, as far as they fit, and build the kernels."""
        made = _team(real, simulated=machine.simulated, channels_last=seen.channels_last)
        kernels = _persistent(made)
        self._forward, self._backward = (
            laid and kernel[laid[0].configuration(laid[1], real)]
            for kernel, laid in zip(kernels, _holding(seen, machine, real), strict=True)
        )

    @staticmethod
    def why_not(seen: View, machine: Machine, real: Real, *, backward: bool) -> str | None:
        """Why a call of that size is not taken; None where its channels fit."""
        if _holding(seen, machine, real)[backward]:
            return None
        kept = "x and dy" if backward else "x"
        return (
            f"{seen.shape[0] * seen.shape[2]} values per channel of {kept} do not fit in the "
            f"{machine.shared} bytes of shared memory that a block may have"
        )


class Evaluation:
    """Forward by the running statistics: the same for every path."""

    def __init__(self, seen: View, machine: Machine, real: Real) -> None:
        """Lay the blocks and build the kernels, once per type and layout."""
        launch = lay(seen, machine, shared=True)
        made = _team(real, simulated=machine.simulated, channels_last=seen.channels_last)
        self._normalize = _normalize(made)[launch.configuration(0, real)]
        self._from_running = from_running[-(-seen.shape[1] // machine.threads), machine.threads]

    def forward(self, tensors: Tensors, eps: float) -> None:
        """Fill `y` and `saved`."""
        t = tensors
        self._from_running(t.running, eps, t.saved)
        self._normalize(t.x, t.weights, t.saved, t.y)


@contextmanager
def quietly() -> Iterator[None]:
    """Silence what is no fault of a kernel's.

    NumPy warns of NaN and infinity in the simulator, where hardware says nothing, and Numba of
    grids that do not fill the GPU, which a small case never does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", NumbaPerformanceWarning)
        yield


@cache
def _team(real: Real, *, channels_last: bool, simulated: bool) -> team.Team:
    return team.make(real, channels_last=channels_last, simulated=simulated)


@cache
def _two_pass(made: team.Team) -> tuple[Kernel, Kernel]:
    return two_pass.make_forward(made), two_pass.make_backward(made)


def _holding(seen: View, machine: Machine, real: Real) -> list[tuple[Launch, int] | None]:
    """Launches that keep x forward, and x and dy backward, with the numbers per thread."""
    return [
        lay_holding(seen, machine, real, arrays=arrays, reserved=persistent.RESERVED)
        for arrays in (1, 2)
    ]


@cache
def _persistent(made: team.Team) -> tuple[Kernel, Kernel]:
    return persistent.make_forward(made), persistent.make_backward(made)


@cache
def _normalize(made: team.Team) -> Kernel:
    return elementwise.make_normalize(made)


@cache
def _welford(made: team.Team) -> tuple[Kernel, Kernel, Kernel, Kernel]:
    return (
        welford.make_statistics(made),
        _normalize(made),
        welford.make_gradient_sums(made),
        elementwise.make_input_gradient(made),
    )
