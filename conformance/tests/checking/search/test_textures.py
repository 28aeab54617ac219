"""The numbers of one array: simple at heart, and the same wherever the array ends."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.checking.search.textures import BYTES, Texture, fitted, values

BLOCK = bytes(range(BYTES))
DISTINCT = bytes([*range(17), 17, 21, 25, 29, 33, 0, 1])
"""The same with as many whole numbers and halves as there are, none of them twice."""
PLAIN = Texture()
NOISY = Texture(noise=(1.0, 0.0), outlier=2)


@pytest.mark.parametrize("over", [PLAIN, NOISY])
def test_a_smaller_array_is_a_part_of_the_larger(over: Texture) -> None:
    """Where an axis shrinks, what is left must keep its values."""
    large = values(over, BLOCK, (7, 5, 3), "float32")
    assert np.array_equal(values(over, BLOCK, (4, 2, 3), "float32"), large[:4, :2])


def test_bytes_are_small_integers() -> None:
    """The lowest bytes must be 0, 1, -1, 2, ..., and no zero be negative."""
    found = values(PLAIN, BLOCK, (7,), "float32")
    assert found.tolist() == [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0]
    assert not np.signbit(values(PLAIN, bytes(BYTES), (7,), "float32")).any()


def test_no_value_comes_again_along_an_axis() -> None:
    """Neither whole numbers nor noise may repeat along an axis, whatever the rank."""
    for over in (PLAIN, Texture(noise=(1.0, 0.0))):
        found = values(over, DISTINCT, (7, 7, 7, 7, 7), "float32")
        for axis in range(5):
            line = np.moveaxis(found, axis, 0)[:, 1, 2, 3, 4]
            assert len(set(line.tolist())) == 7


def test_no_two_axes_are_alike() -> None:
    """What is one step further along one axis is another value than along any other."""
    for over in (PLAIN, Texture(noise=(1.0, 0.0))):
        found = values(over, DISTINCT, (2, 2, 2, 2, 2), "float32")
        steps = [found[tuple(int(a == axis) for a in range(5))] for axis in range(5)]
        assert len({float(step) for step in steps}) == 5


def test_every_second_value_has_another_mean() -> None:
    """Along a long axis, with and without noise: what reads every second one is wrong by far."""
    for over in (PLAIN, Texture(noise=(1.0, 0.0))):
        found = values(over, DISTINCT, (100_003, 1), "float32")[:, 0]
        assert abs(found[::2].mean() - found.mean()) > 0.01


def test_one_value_is_the_outlier() -> None:
    """An outlier must be a multiple of one value, all others untouched."""
    plain = values(PLAIN, BLOCK, (6, 3), "float32")
    changed = values(Texture(outlier=2), BLOCK, (6, 3), "float32") / np.where(plain, plain, 1)
    assert float(changed.max()) == 1000.0
    assert int((changed == 1000.0).sum()) == 1


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_a_unit_of_0_makes_subnormals(name: str) -> None:
    """Small whole numbers must become subnormal numbers of the type, and not zero."""
    over = Texture(unit=0.0)
    found = fitted(values(over, BLOCK, (7,), name), name).astype(np.float64)
    normal = fitted(np.array([1.0]), name)
    smallest = float(np.finfo(np.float32).tiny) if name != "float16" else 2.0**-14
    assert normal.dtype.name == name
    assert (np.abs(found[1:]) < smallest).all()
    assert (found[1:] != 0).all()


def test_what_is_too_large_becomes_the_largest() -> None:
    """A number beyond the type must stay finite."""
    found = fitted(np.array([1e9, -1e9]), "float16")
    assert found.tolist() == [65504.0, -65504.0]
