"""Tests of the catalogue by its expected values: they are due, finite, and gradable."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import layout
from conformance.cases.catalogue import pairs, problems
from conformance.cases.catalogue.sources import DOCUMENTS
from conformance.oracle.bounds import is_gradable
from conformance.tests.cases.catalogue.traits import expected, rows, types

LARGEST = {"float64": np.inf, "float32": 3.4e38, "float16": 65504.0, "bfloat16": 3.38e38}


def test_constants_are_exact_in_float32() -> None:
    """Outside their own group, eps and momentum lose nothing in a kernel of float32 constants."""
    for p in problems():
        exact = all(float(np.float32(v)) == v for v in (p.inputs.eps, p.inputs.momentum))
        assert exact or p.group in {"decimal", "combined"}, p.id


def test_running_statistics_are_due_in_test_mode() -> None:
    """In test mode the running statistics are graded, unchanged, so that an update shows."""
    for p in problems():
        if p.inputs.count and not p.inputs.training:
            due, given = expected(p.id), p.inputs
            assert given.running_mean is not None
            assert given.running_var is not None
            assert due.running_mean is not None
            assert due.running_var is not None
            np.testing.assert_array_equal(due.running_mean, given.running_mean.astype(np.float64))
            np.testing.assert_array_equal(due.running_var, given.running_var.astype(np.float64))


SPOILT = {"nonfinite": 1, "combined": 3}
"""How many channels of a problem hold a value that is not finite, by group."""


def test_other_channels_stay_clean() -> None:
    """A value that is not finite leaves the answers of every other channel finite."""
    for p in problems():
        for name, value in expected(p.id).items().items():
            spread = rows(value, p.inputs) if name in ("y", "dx") else value.reshape(-1, 1)
            spoilt = np.count_nonzero(~np.isfinite(spread).all(axis=1))
            assert spoilt <= SPOILT.get(p.group, 0), (p.id, name)


def test_every_nonfinite_problem_shows() -> None:
    """Each problem of the group has an answer that is not finite."""
    for p in problems():
        if p.group == "nonfinite":
            assert not all(np.isfinite(v).all() for v in expected(p.id).items().values()), p.id


def test_answers_fit_their_type() -> None:
    """No answer is too large for the type that the implementation returns it in."""
    for p in problems():
        for name, value in expected(p.id).items().items():
            kind = p.inputs.x.dtype if name in ("y", "dx") else p.inputs.parameter_dtype
            worst = np.abs(value[np.isfinite(value)]).max(initial=0.0)
            assert worst <= LARGEST[str(kind)], (p.id, name)


def test_nearly_all_problems_can_be_graded() -> None:
    """At most six problems are so ill-conditioned that only their statistics are graded."""
    assert sum(not is_gradable(p.inputs) for p in problems()) <= 6


def test_few_signatures() -> None:
    """A compiler that specializes on shape, types, mode and eps compiles fewer than 170 times.

    Combinations are calls of a kind of their own, each.
    """
    signatures = {
        (layout.name(p.inputs), p.inputs.x.shape, types(p.inputs), p.inputs.training, p.inputs.eps)
        for p in problems()
        if not pairs.is_one(p.id)
    }
    assert len(signatures) < 170


def test_the_reader_gets_his_number() -> None:
    """A reader's worked numbers give the xhat that he found, 10.479277536, to seven digits."""
    y = expected("seeds/comment-float64").y
    assert y is not None
    assert float(y[0, 0]) - 0.04061257 == pytest.approx(10.479277536, rel=1e-7)


def test_documents_keep_their_modes() -> None:
    """The two documents that treat test mode have cases of it, the other three train."""
    modes = {
        document: {
            p.inputs.training for p in problems() if document in p.cites and p.group == "seeds"
        }
        for document in DOCUMENTS
    }
    assert [False in found for found in modes.values()] == [True, False, False, False, True]
    assert all(True in found for found in modes.values())
