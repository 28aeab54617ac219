"""How a tensor is seen by the kernels, and how blocks and threads are laid over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from conformance.case import Array, Inputs

GRID_LIMIT = 65_535
"""Most blocks along y or z of a grid (CUDA C++ Programming Guide, technical specifications)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Sizes that suit a device.

    Attributes:
        threads: Threads per block, a power of two.
        lanes: Most channels of a block where they come last, a power of two.
        run: Values of one channel that a thread merges where blocks share the channel.
        shared: Bytes of shared memory that a block may have.
        simulated: Whether this is Numba's simulator.
    """

    threads: int
    lanes: int
    run: int
    shared: int
    simulated: bool


SHARED = 48 * 1024
"""What every GPU gives a block that asks for no more (CUDA C++ Programming Guide, the same)."""

GPU = Machine(threads=256, lanes=32, run=64, shared=SHARED, simulated=False)
# A simulated thread is a Python thread: few of them, yet enough that the trees, the tickets and
# channels beyond the last one all occur. Its memory is that of a GPU: what does not fit there is
# refused here.
SIMULATOR = Machine(threads=4, lanes=2, run=32, shared=SHARED, simulated=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A tensor as ``[outer, channel, inner]``: the axes in the order `order`, then reshaped.

    Where the channel axes are neighbours nothing moves: NCHW is ``(N, C, H*W)`` and NHWC is
    ``(N*H*W, C, 1)`` in place, and so is any other position of the channel axis.
    """

    order: tuple[int, ...]
    moved: tuple[int, ...]
    shape: tuple[int, int, int]

    @property
    def channels_last(self) -> bool:
        """Whether neighbouring addresses are neighbouring channels; (N, C) is such a tensor."""
        return self.shape[2] == 1

    def enter(self, array: Array, real: type[np.floating]) -> Array:
        """`array` as contiguous ``[outer, channel, inner]`` of type `real`."""
        moved = np.asarray(array, dtype=real).transpose(self.order)
        return np.ascontiguousarray(moved).reshape(self.shape)

    def leave(self, array: Array) -> Array:
        """Undo `enter`, but for the type."""
        return array.reshape(self.moved).transpose(np.argsort(self.order))


def view(inputs: Inputs) -> View:
    """The view of `inputs.x` that needs the least moving.

    Per-activation channels are one channel axis of all positions; where they are not neighbours
    they are moved to the end.
    """
    axes, ndim = inputs.channel_axes, inputs.x.ndim
    first, last = axes[0], axes[-1]
    order = tuple(range(ndim))
    if axes != tuple(range(first, last + 1)):
        order = (*(a for a in order if a not in axes), *axes)
        first, last = ndim - len(axes), ndim - 1
    moved = tuple(inputs.x.shape[a] for a in order)
    shape = prod(moved[:first]), prod(moved[first : last + 1]), prod(moved[last + 1 :])
    return View(order=order, moved=moved, shape=shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launch: blocks along x, y, z of the grid and threads along x, y of a block.

    Attributes:
        grid: Blocks; y and z share one channel between them.
        block: Threads.
    """

    grid: tuple[int, int, int]
    block: tuple[int, int]

    @property
    def parts(self) -> int:
        """Blocks that share a channel."""
        return self.grid[1] * self.grid[2]

    def configuration(self, members: int, real: type[np.floating]) -> tuple[Any, ...]:
        """What a kernel is subscripted with: grid, block, default stream, bytes of shared memory.

        The memory holds `members` numbers of type `real` per thread.
        """
        threads = self.block[0] * self.block[1]
        return self.grid, self.block, 0, members * threads * np.dtype(real).itemsize


def lay(seen: View, machine: Machine, *, shared: bool) -> Launch:
    """Lay blocks over a tensor; see ``kernels/seating.py`` for who handles what.

    Args:
        seen: The tensor.
        machine: Sizes that suit the device.
        shared: Whether several blocks may share a channel: as many as it takes for a thread to
            have `machine.run` values at most. The sums then have short runs, and a tensor of few
            channels still fills the device.
    """
    outer, channels, inner = seen.shape
    widest = machine.lanes if seen.channels_last else machine.threads
    across = min(_power_of_two(channels if seen.channels_last else inner), widest)
    down = machine.threads // across
    blocks = -(-channels // across) if seen.channels_last else channels
    if not shared:
        return Launch(grid=(blocks, 1, 1), block=(across, down))
    z = _share(inner, across, machine.run)
    columns = -(-inner // (across * z))
    y = _share(outer, down, max(1, machine.run // columns))
    return Launch(grid=(blocks, y, z), block=(across, down))


def lay_holding(
    seen: View, machine: Machine, real: type[np.floating], *, arrays: int, reserved: int
) -> tuple[Launch, int] | None:
    """Lay blocks that keep all of their values in shared memory: one block for a channel.

    Where channels come last a block serves as many of them as fit.

    Args:
        seen: The tensor.
        machine: Sizes that suit the device.
        real: Type of what is kept.
        arrays: How many arrays of that shape are kept.
        reserved: Numbers per thread that are needed beside them.

    Returns:
        The launch and the numbers per thread in all; None where not even one channel fits.
    """
    outer, _, inner = seen.shape
    lanes = machine.lanes
    while lanes > 0:
        launch = lay(seen, replace(machine, lanes=lanes), shared=False)
        across, down = launch.block
        columns = 1 if seen.channels_last else -(-inner // across)
        members = reserved + arrays * -(-outer // down) * columns
        if launch.configuration(members, real)[-1] <= machine.shared:
            return launch, members
        lanes = lanes // 2 if seen.channels_last else 0
    return None


def _share(values: int, threads: int, run: int) -> int:
    return min(-(-values // (threads * run)), GRID_LIMIT)


def _power_of_two(least: int) -> int:
    return 1 << (least - 1).bit_length()
