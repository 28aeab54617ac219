"""Tests of what is captured of a model: layers, steps, channels, and the limit of values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.capture.choice import LARGEST, MOST_VALUES, Choice
from conformance.capture.grouping import groups_of
from conformance.capture.seen import Recorder, Setting
from conformance.cases.golden import content
from conformance.commands import capture
from conformance.errors import InputError, SelectionError
from conformance.tests.capture.recorded import recorder, take

TRAIN = Setting(eps=1e-5, momentum=0.1, training=True, axis=1)


def opened(taken: Recorder, sizes: list[int]) -> list[int]:
    """The sizes of what is kept of calls of these numbers of values, each with one channel."""
    for size in sizes:
        one = taken.open("bn", (size, 1), TRAIN)
        if one is not None:
            one.give("x", np.zeros((size, 1), np.float32))
    return [one.given["x"].size for one in taken.seen]


@pytest.mark.parametrize(
    ("sizes", "kept"),
    [
        ([10, 20, 30], [10, 20, 30]),
        ([50, 20, 30], [20, 30]),  # the largest goes first
        ([20, 30, 50], [20, 30]),
        ([30, 40, 30, 40], [30, 30]),  # and no other that is as large is kept in its place
        ([25, 25, 25], [25, 25]),  # of equal ones the latest
        ([61], []),
        ([60], [60]),
        ([20, 50, 10, 45], [20, 10]),
    ],
)
def test_the_largest_calls_go_first(sizes: list[int], kept: list[int]) -> None:
    """What is kept never has more values than the limit, and what went is said with its size."""
    taken = recorder(most_values=60)
    assert opened(taken, sizes) == kept
    told = [left.why for left in taken.left]
    assert all("values of x" in why and "60 of most_values" in why for why in told)
    for gone in {size for size in sizes if size not in kept}:
        assert any(why.startswith(f"{gone} values") for why in told)


def test_what_goes_lets_go_of_its_arrays() -> None:
    """A call that is dropped holds no array, and takes none down any more."""
    taken = recorder(most_values=60)
    large = taken.open("bn", (50, 1), TRAIN)
    assert large is not None
    large.give("x", np.zeros((50, 1)))
    assert taken.open("bn", (40, 1), TRAIN) is not None
    large.give("dy", np.zeros((50, 1)))
    assert (large.given, large.is_dropped) == ({}, True)


def test_each_call_that_goes_is_said() -> None:
    """Two calls of a step that are as large as each other are two lines, by their numbers."""
    taken = recorder(most_values=60)
    opened(taken, [60, 60, 60])
    assert [str(left).split(":")[1] for left in taken.left] == [
        " bn, step 0, call 1",
        " bn, step 0, call 2",
    ]


def test_a_call_that_no_golden_file_takes_is_said() -> None:
    """Whatever the limit is, a call that cannot be written is left out with its size."""
    taken = recorder(most_values=1 << 40)
    assert taken.open("bn", (LARGEST + 1, 1), TRAIN) is None
    assert f"{LARGEST + 1:,} values of x" in taken.left[0].why


def test_whole_channels_are_kept() -> None:
    """As many as are asked for, the first and the last among them, of every array alike."""
    taken = recorder(channels=3)
    one = taken.open("bn", (4, 5, 2), TRAIN)
    assert one is not None
    x = np.arange(40.0).reshape(4, 5, 2)
    one.give("x", x)
    one.give("gamma", np.arange(5.0))
    one.got("dx", -x)
    assert one.kept == (0, 2, 4)
    assert one.size == 24
    np.testing.assert_array_equal(one.given["x"], x[:, [0, 2, 4]])
    np.testing.assert_array_equal(one.gave["dx"], -x[:, [0, 2, 4]])
    np.testing.assert_array_equal(one.given["gamma"], [0, 2, 4])
    assert recorder(channels=9).choice.kept(5) is None


def test_arrays_are_copied() -> None:
    """What a framework overwrites later stays as it was seen."""
    one = take(taken := recorder())
    assert one is not None
    x = np.zeros(one.shape, np.float32)
    one.give("x", x)
    x[:] = 1
    assert not one.given["x"].any()
    assert taken.seen == (one,)


def test_layers_and_steps_are_chosen() -> None:
    """By globs over names and by numbers; a call of another is not taken down."""
    taken = recorder(layers=("layer1.*", "head"), steps=frozenset({1}))
    assert not taken.wants("layer1.bn")
    taken.step = 1
    assert [n for n in ("layer1.bn", "layer2.bn", "head", "head.bn") if taken.wants(n)] == [
        "layer1.bn",
        "head",
    ]


def test_patterns_without_a_layer_are_an_error() -> None:
    """The message lists the layers that there are, or says that there is none."""
    choice = Choice(layers=("layer9.*",))
    with pytest.raises(SelectionError, match=r"'layer9.\*'. The model has: a, b\."):
        choice.require_some(["a", "b"])
    with pytest.raises(SelectionError, match="no batch normalization was seen"):
        choice.require_some([])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"layers": ()}, "names or globs"),
        ({"layers": ("",)}, "names or globs"),
        ({"steps": frozenset()}, "numbers from 0 on"),
        ({"steps": frozenset({-1})}, "numbers from 0 on"),
        ({"most_values": 0}, "most_values is 0"),
        ({"channels": 0}, "channels is 0"),
    ],
)
def test_a_choice_of_nothing_is_an_error(wrong: dict[str, Any], words: str) -> None:
    """No layer, no step, no value and no channel are refused with what was given."""
    with pytest.raises(InputError, match=words):
        Choice(**wrong)


def test_every_layer_has_files_of_its_own() -> None:
    """Names that files and ids cannot have are changed, and no two layers come together."""
    names = ["BN", "bn", "a/b", "a b", "con", "..", "1.bn1", "x" * 300, "x" * 301, "a..b", "é"]
    taken = recorder()
    for name in names:
        take(taken, name)
    groups = groups_of(taken.seen)
    assert len(set(groups.values())) == len(names)
    for group in groups.values():
        assert content.ID.fullmatch(f"{group}/step-0")
        assert group != "con"
    assert groups[taken.seen[6]] == "1.bn1"


def test_a_layer_of_many_values_has_more_than_one_file() -> None:
    """Calls that together are more than a golden file holds are parted, and keep their order."""
    taken = recorder(most_values=1 << 40)
    for _ in range(5):
        one = taken.open("bn", (1 << 20, 1), TRAIN)
        assert one is not None
        one.give("x", np.zeros((1 << 20, 1), np.float64))
        one.give("dy", np.zeros((1 << 20, 1), np.float64))
    groups = groups_of(taken.seen)
    assert [groups[one] for one in taken.seen] == ["bn", "bn-2", "bn-3", "bn-4", "bn-5"]


def test_the_command_keeps_as_much_as_the_function() -> None:
    """The command knows the limit without loading what captures."""
    assert capture.MOST_VALUES == MOST_VALUES
