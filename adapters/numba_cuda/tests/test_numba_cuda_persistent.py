"""Tests of the kernels of adapters/numba_cuda that keep what they have read on the chip."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.errors import Unsupported
from conformance.tests.adapters.trial import ask

for _package in ("numba", "numba_cuda"):
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"{_package} is not installed here", allow_module_level=True)

PATHS = {path.name: path for path in adapter.load("numba_cuda").paths}
HOME: Any = sys.modules["conformance._loaded_adapters.numba_cuda"]
GEOMETRY, LAUNCHING = HOME.geometry, HOME.launching

SEEN = [
    (1, 1, 5000),
    (32, 64, 49),
    (3, 5, 1100),
    (5000, 3, 1),
    (8, 1025, 1),
    (300, 40, 1),
    (1, 1, 1),
]
TOO_LONG = 6500
"""Values of float32 of which one array fits in the shared memory of a block, and not two."""


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(9, 2, 41), (70, 3)], ids=["channels-first", "channels-last"])
def test_what_is_kept_changes_no_bit(
    shape: tuple[int, ...], dtype: type[Any], training: bool
) -> None:
    """With the same blocks every output is that of two_pass, which reads the memory again."""
    inputs = ask(shape, dtype, offset=30.0, training=training)
    kept, again = (dict(PATHS[name].run(inputs)) for name in ("persistent", "two_pass"))
    assert kept.keys() == again.keys()
    for output, values in kept.items():
        np.testing.assert_array_equal(values, again[output], output)


class Watched(np.ndarray):
    """An array that notes which of its elements are read."""

    reads: list[Any]

    def __getitem__(self, at: Any) -> Any:
        """Note the index; appending is one step, whatever thread does it."""
        self.reads.append(at)
        return super().__getitem__(at)


def _watched(array: Any) -> tuple[Any, list[Any]]:
    found = np.array(array).view(Watched)
    found.reads = []
    return LAUNCHING.cuda.to_device(np.array(array)).__class__(found), found.reads


@pytest.mark.skipif(not HOME.SIMULATED, reason="a GPU does not tell what is read")
@pytest.mark.parametrize("seen", [(5, 3, 7), (30, 3, 1)], ids=["channels-first", "channels-last"])
@pytest.mark.parametrize(("name", "forward", "backward"), [("Persistent", 1, 1), ("TwoPass", 3, 2)])
def test_each_value_is_read_once(
    seen: tuple[int, int, int], name: str, forward: int, backward: int
) -> None:
    """The memory of x, and of dy backward, is read once; two_pass reads it as often as it says."""
    cuda, real = LAUNCHING.cuda, np.float32
    (x, of_x), (dy, of_dy) = (_watched(np.ones(seen, real)) for _ in range(2))
    view = GEOMETRY.View(order=(), moved=(), shape=seen)
    path = getattr(LAUNCHING, name)(view, GEOMETRY.SIMULATOR, real)
    rows = [cuda.to_device(np.ones((many, seen[1]), real)) for many in (2, 3, 2, 2)]
    y, dx = (cuda.device_array(seen, real) for _ in range(2))
    tensors = LAUNCHING.Tensors(x=x, weights=rows[0], saved=rows[1], running=rows[2], y=y)
    path.forward(tensors, 1e-3, 0.1)
    assert sorted(of_x) == sorted(list(np.ndindex(seen)) * forward)
    of_x.clear()
    path.backward(tensors, LAUNCHING.Gradients(dy=dy, dx=dx, weights=rows[3]), training=True)
    assert sorted(of_x) == sorted(of_dy) == sorted(list(np.ndindex(seen)) * backward)


@pytest.mark.parametrize("machine", ["GPU", "SIMULATOR"])
@pytest.mark.parametrize("arrays", [1, 2])
@pytest.mark.parametrize("seen", SEEN)
def test_what_fits_has_room_for_each_thread(
    seen: tuple[int, int, int], arrays: int, machine: str
) -> None:
    """One block has a channel, every thread the numbers that it keeps, and a block no more."""
    sizes, real = getattr(GEOMETRY, machine), np.float32
    view = GEOMETRY.View(order=(), moved=(), shape=seen)
    launch, members = GEOMETRY.lay_holding(view, sizes, real, arrays=arrays, reserved=2)
    across, down = launch.block
    columns = 1 if view.channels_last else -(-seen[2] // across)
    assert members >= 2 + arrays * -(-seen[0] // down) * columns
    assert launch.configuration(members, real)[-1] <= sizes.shared
    assert launch.parts == 1
    assert across * down == sizes.threads
    assert launch.grid[0] * (across if view.channels_last else 1) >= seen[1]


def test_fewer_channels_share_a_block_where_they_are_long() -> None:
    """Where channels come last, a block serves as many of them as its memory has room for."""
    widths = []
    for outer in (40, 100, 300, 2000, 5000, 30000):
        view = GEOMETRY.View(order=(), moved=(), shape=(outer, 64, 1))
        laid = GEOMETRY.lay_holding(view, GEOMETRY.GPU, np.float32, arrays=2, reserved=2)
        widths.append(laid and laid[0].block[0])
    assert widths == [32, 32, 16, 2, 1, None]


@pytest.mark.parametrize("shape", [(TOO_LONG, 1), (1, 1, TOO_LONG)], ids=["last", "first"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_a_channel_that_does_not_fit_is_refused(shape: tuple[int, ...], training: bool) -> None:
    """What the chip cannot keep is refused with its size, before anything is computed."""
    with pytest.raises(Unsupported, match=f"{TOO_LONG} values per channel of x and dy do not fit"):
        PATHS["persistent"].run(ask(shape, training=training))
    if training:
        with pytest.raises(Unsupported, match="values per channel of x do not fit"):
            PATHS["persistent"].run(ask(shape, np.float64, dy=None))


def test_what_is_not_kept_need_not_fit() -> None:
    """Without a gradient x alone must fit, and in test mode nothing."""
    long = ask((1, 1, 2 * TOO_LONG), dy=None, training=False)
    assert "y" in PATHS["persistent"].run(long)
    inputs = ask((1, 1, TOO_LONG), dy=None)
    kept, again = (dict(PATHS[name].run(inputs)) for name in ("persistent", "two_pass"))
    np.testing.assert_array_equal(kept["y"], again["y"])
