"""Tests of `conformance.cases.catalogue.recipe`."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Array, Inputs
from conformance.cases.catalogue.recipe import CaseRow, Recipe, problem, single
from conformance.cases.catalogue.sources import SOURCES
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.upstream import constant
from conformance.cases.catalogue.values import VARIED, uniform


def _made(recipe: Recipe, name: str = "case") -> Inputs:
    return problem("family", CaseRow(name, "A mistake.", recipe)).inputs


def test_layouts_hold_the_same_values() -> None:
    """Channels first and last, the same problem has the same values at the same places."""
    first = _made(Recipe(shape=(4, 3, 5, 6)))
    last = _made(Recipe(shape=(4, 5, 6, 3), axis=3))
    np.testing.assert_array_equal(first.x.transpose(0, 2, 3, 1), last.x)
    np.testing.assert_array_equal(first.gamma, last.gamma)


def test_channels_are_rows_of_the_draw() -> None:
    """Channel c of x is row c of the draw, in the order of the remaining axes."""
    inputs = _made(Recipe(shape=(4, 3, 5), types="float64"))
    rows = VARIED.draw(Stream("family/case/x"), 3, 20)
    np.testing.assert_array_equal(inputs.x.transpose(1, 0, 2).reshape(3, 20), rows)


def test_per_activation_has_a_channel_per_position() -> None:
    """With several channel axes every position has parameters and M = N."""
    inputs = _made(Recipe(shape=(6, 3, 2, 4), axis=(1, 2, 3), types="float64"))
    rows = VARIED.draw(Stream("family/case/x"), 24, 6)
    assert inputs.count == 6
    assert inputs.gamma is not None
    assert inputs.gamma.shape == (3, 2, 4)
    np.testing.assert_array_equal(inputs.x, rows.reshape(3, 2, 4, 6).transpose(3, 0, 1, 2))


def test_types_before_and_after_the_plus() -> None:
    """The first type is that of x, dy and history, the second that of the parameters."""
    inputs = _made(Recipe(types="bfloat16+float32", earlier=1))
    batch = (inputs.x, inputs.dy, *inputs.earlier)
    rest = (inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var)
    assert [str(a.dtype) for a in batch if a is not None] == ["bfloat16"] * 3
    assert [str(a.dtype) for a in rest if a is not None] == ["float32"] * 4


def test_absent_parts_stay_absent() -> None:
    """What a recipe leaves out is None in the inputs, and the words say so."""
    bare = Recipe(dy=None, gamma=None, beta=None, running_mean=None, running_var=None)
    made = problem("family", CaseRow("case", "A mistake.", bare))
    inputs = made.inputs
    parts = (inputs.dy, inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var)
    assert parts == (None,) * 5
    for name in ("dy", "gamma", "beta", "running_mean", "running_var"):
        assert f"no {name}" in made.made


def test_pieces_are_independent() -> None:
    """No two arrays of a problem, and no two problems, are drawn from one stream."""
    recipe = Recipe(dy=constant(1.0), gamma=uniform(0, 1), beta=uniform(0, 1), earlier=1)
    one, other = _made(recipe), _made(recipe, "other")
    assert one.gamma is not None
    assert one.beta is not None
    assert not np.array_equal(one.gamma, one.beta)
    assert not np.array_equal(one.x, one.earlier[0])
    assert not np.array_equal(one.x, other.x)


def test_test_mode_changes_the_mode_alone() -> None:
    """The test-mode variant of a recipe has the same values."""
    train, test = _made(Recipe()), _made(Recipe().test)
    assert (train.training, test.training) == (True, False)
    np.testing.assert_array_equal(train.x, test.x)


def test_arrays_cannot_be_written() -> None:
    """An implementation that writes to its input fails instead of spoiling the catalogue."""
    inputs = _made(Recipe(earlier=1))
    arrays: list[Array | None] = [inputs.x, inputs.dy, inputs.gamma, inputs.running_var]
    for array in (*arrays, *inputs.earlier):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_words_name_every_part() -> None:
    """The sentence on how a problem was made gives shape, types and every distribution."""
    made = problem("family", CaseRow("case", "A mistake.", Recipe(types="float16", earlier=1))).made
    for words in ("x (6, 8) = m_c", "history_0 = m_c", "dy = n/2 + xhat", "float16", "gamma = "):
        assert words in made


def test_memory_is_said_and_changes_no_value() -> None:
    """A recipe for other memory has the same values, its arrays contiguous until they are used."""
    usual = problem("family", CaseRow("case", "A mistake.", Recipe()))
    other = problem("family", CaseRow("case", "A mistake.", Recipe(memory="strided")))
    assert (usual.inputs.memory, other.inputs.memory) == ("contiguous", "strided")
    assert other.made == usual.made.removesuffix(".") + "; strided in memory."
    assert other.inputs.x.flags.c_contiguous
    np.testing.assert_array_equal(usual.inputs.x, other.inputs.x)


def test_citations_come_from_the_faults() -> None:
    """A problem cites the sources of all its faults, each once."""
    row = CaseRow("case", "A mistake.", Recipe(), ("dgamma-uses-y", "train-uses-running-stats"))
    cites = problem("family", row).cites
    assert cites == tuple(dict.fromkeys(s for fault in row.faults for s in SOURCES[fault]))
    assert len(cites) == 1


def test_single_is_exact_in_float32() -> None:
    """A constant made single survives a kernel that keeps it as float32."""
    assert single(0.1) == float(np.float32(single(0.1))) != 0.1
