"""Merging what the threads of a team hold: a tree in shared memory, or warp shuffles.

Teams are those of ``seating.py``. The shuffles serve whole blocks (channels first) on hardware;
the tree serves channels last, where a warp holds 32 different channels, and the simulator, which
has no shuffles. Both merge pairwise and give every thread the result.

``scratch`` is dynamic shared memory, one row of a number per thread for every member of a state: a
warp reads neighbouring addresses, without bank conflicts. It is dynamic because the simulator
finds a static array by its source line, without a lock: two arrays on one line are the same, and
rarely, threads that come to that line together get arrays of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import Device

# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


WARP = 32
EVERY_LANE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a tuple of `members` numbers is stored, loaded and passed along a warp."""

    members: int
    store: Device
    load: Device
    shuffle: Device


@cuda.jit(device=True)
def _store_pair(scratch: Any, threads: Any, at: Any, state: Any) -> None:
    scratch[at] = state[0]
    scratch[threads + at] = state[1]


@cuda.jit(device=True)
def _load_pair(scratch: Any, threads: Any, at: Any) -> Any:
    return scratch[at], scratch[threads + at]


@cuda.jit(device=True)
def _shuffle_pair(state: Any, offset: Any) -> Any:
    return (
        cuda.shfl_down_sync(EVERY_LANE, state[0], offset),
        cuda.shfl_down_sync(EVERY_LANE, state[1], offset),
    )


@cuda.jit(device=True)
def _store_triple(scratch: Any, threads: Any, at: Any, state: Any) -> None:
    scratch[at] = state[0]
    scratch[threads + at] = state[1]
    scratch[2 * threads + at] = state[2]


@cuda.jit(device=True)
def _load_triple(scratch: Any, threads: Any, at: Any) -> Any:
    return scratch[at], scratch[threads + at], scratch[2 * threads + at]


@cuda.jit(device=True)
def _shuffle_triple(state: Any, offset: Any) -> Any:
    return (
        cuda.shfl_down_sync(EVERY_LANE, state[0], offset),
        cuda.shfl_down_sync(EVERY_LANE, state[1], offset),
        cuda.shfl_down_sync(EVERY_LANE, state[2], offset),
    )


PAIR = State(members=2, store=_store_pair, load=_load_pair, shuffle=_shuffle_pair)
TRIPLE = State(members=3, store=_store_triple, load=_load_triple, shuffle=_shuffle_triple)


def by_tree(kind: State, merge: Device, seat_of: Device) -> Device:
    """``reduce(state, scratch)`` by a binary tree in shared memory.

    The number of seats in a team must be a power of two.
    """
    store, load = kind.store, kind.load

    @cuda.jit(device=True)
    def reduce(state: Any, scratch: Any) -> Any:
        seat, seats, base, stride = seat_of()
        threads, here = seats * stride, base + seat * stride
        store(scratch, threads, here, state)
        cuda.syncthreads()
        half = seats // 2
        while half > 0:
            if seat < half:
                state = merge(state, load(scratch, threads, here + half * stride))
                store(scratch, threads, here, state)
            cuda.syncthreads()
            half = half // 2
        state = load(scratch, threads, base)
        # The next reduction must not write before the slowest thread has read.
        cuda.syncthreads()
        return state

    return reduce


def by_shuffles(kind: State, merge: Device, seat_of: Device) -> Device:
    """``reduce(state, scratch)`` by shuffles in each warp, then among the warps' results.

    A team must be the whole block, and its warps a power of two of them, 32 at most.
    """
    store, load, shuffle = kind.store, kind.load, kind.shuffle

    @cuda.jit(device=True)
    def reduce(state: Any, scratch: Any) -> Any:
        seat, threads, _, _ = seat_of()
        offset = WARP // 2
        while offset > 0:
            state = merge(state, shuffle(state, offset))
            offset = offset // 2
        if seat % WARP == 0:
            store(scratch, threads, seat // WARP, state)
        cuda.syncthreads()
        warps = threads // WARP
        if seat < WARP:
            # Lanes beyond the last warp hold copies that lane 0 never comes to merge.
            state = load(scratch, threads, seat & (warps - 1))
            offset = warps // 2
            while offset > 0:
                state = merge(state, shuffle(state, offset))
                offset = offset // 2
            if seat == 0:
                store(scratch, threads, 0, state)
        cuda.syncthreads()
        state = load(scratch, threads, 0)
        # The next reduction must not write before the slowest thread has read.
        cuda.syncthreads()
        return state

    return reduce


@cuda.jit(device=True)
def is_last_block(tickets: Any, scratch: Any, blocks: Any) -> Any:
    """Whether this block is the last of those that share its channels to get here.

    What the blocks wrote before calling is then visible to it (CUDA C++ Programming Guide,
    "Memory Fence Functions"). `tickets` is an int32 zero per ``blockIdx.x`` before the launch,
    `blocks` the number of blocks with that index.
    """
    cuda.threadfence()
    cuda.syncthreads()
    if cuda.threadIdx.x == 0 and cuda.threadIdx.y == 0:
        ticket = cuda.atomic.add(tickets, cuda.blockIdx.x, 1)
        scratch[0] = 1 if ticket == blocks - 1 else 0
    cuda.syncthreads()
    last = scratch[0] == 1
    # A reduction must not write to scratch before the slowest thread has read.
    cuda.syncthreads()
    cuda.threadfence()
    return last
