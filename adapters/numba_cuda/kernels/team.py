"""The device functions that a kernel of one type, layout and machine is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import arithmetic, reduction, seating
from .arithmetic import Device, Real


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """What the kernels are built from.

    Attributes:
        real: ``np.float32`` or ``np.float64``.
        dtype: The same as the `np.dtype` that shared memory is asked for with.
        add: Merges two compensated sums, see `arithmetic.Arithmetic`.
        total: The value of a compensated sum.
        merge: Merges two sets' moments.
        walk: Which elements this thread handles, see ``seating.py``.
        seat_of: Where this thread sits among those that share its sums.
        reduce_sum: Merges a team's compensated sums.
        reduce_moments: Merges a team's moments.
    """

    real: Real
    dtype: np.dtype[Any]
    add: Device
    total: Device
    merge: Device
    walk: Device
    seat_of: Device
    reduce_sum: Device
    reduce_moments: Device


def make(real: Real, *, channels_last: bool, simulated: bool) -> Team:
    """Choose the device functions.

    Args:
        real: ``np.float32`` or ``np.float64``.
        channels_last: The layout; False is channels first.
        simulated: Whether the kernels run in Numba's simulator, which has no shuffles.
    """
    walk = seating.walk_channels_last if channels_last else seating.walk_channels_first
    seat_of = seating.seat_channels_last if channels_last else seating.seat_channels_first
    by = reduction.by_tree if channels_last or simulated else reduction.by_shuffles
    numbers = arithmetic.make(real, simulated=simulated)
    return Team(
        real=real,
        dtype=np.dtype(real),
        add=numbers.add,
        total=numbers.total,
        merge=numbers.merge,
        walk=walk,
        seat_of=seat_of,
        reduce_sum=by(reduction.PAIR, numbers.add, seat_of),
        reduce_moments=by(reduction.TRIPLE, numbers.merge, seat_of),
    )
