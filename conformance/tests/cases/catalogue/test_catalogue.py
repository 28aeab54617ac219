"""Tests of `conformance.cases.catalogue`: names, words, order and bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from conformance.case import LIMIT, Array, Inputs, Problem
from conformance.cases.catalogue import GROUPS, problems, rows
from conformance.cases.catalogue.recipe import problem

_NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*/[a-z0-9]+(?:[.-][a-z0-9]+)*")

SAMPLE = (
    "dense/train-float64",
    "dense/train-float32",
    "dense/train-float16",
    "spatial/train-nhwc-bfloat16-params-float32",
    "volumetric/test-ncdhw-float32",
    "per-activation/train-float32",
    "upstream/centred-train",
    "sequence/three-float32",
    "eps/train-1e-12-float32",
    "offset/columns-float64-1000000",
    "exact/history",
    "extremes/outlier",
    "nonfinite/both-inf-x-train",
    "sparse/relu-train",
    "seeds/comment-float32",
)
"""Problems that together use every kind of draw and every type."""

DIGEST = "cb6a5fe9a12675bf25a764af6198efbc5c83dfc6e8bc531406ba31711eb6fa32"
"""SHA-256 of `SAMPLE`; the same under numpy 1.23 and the newest."""


def arrays(inputs: Inputs) -> Iterator[tuple[str, Array]]:
    """All arrays of a problem with their names."""
    for name in ("x", "dy", "gamma", "beta", "running_mean", "running_var"):
        value = getattr(inputs, name)
        if value is not None:
            yield name, value
    yield from ((f"history_{i}", batch) for i, batch in enumerate(inputs.earlier))


def digest(chosen: Iterable[Problem]) -> str:
    """SHA-256 over everything that an implementation is given."""
    total = hashlib.sha256()
    for each in chosen:
        i = each.inputs
        head = (each.id, i.eps.hex(), i.momentum.hex(), i.training, i.axis)
        total.update(repr(head).encode())
        for name, array in arrays(i):
            total.update(f"{name} {array.dtype} {array.shape}".encode())
            total.update(array.tobytes())
    return total.hexdigest()


def test_the_catalogue_is_large_enough() -> None:
    """There are at least 300 problems."""
    assert len(problems()) >= 300


def test_ids_are_unique_and_well_formed() -> None:
    """An id is group/name in lower case, with one slash, and no two problems share one."""
    ids = [p.id for p in problems()]
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if not _NAME.fullmatch(i)] == []


def test_groups_are_the_first_parts_of_ids() -> None:
    """The group of a problem is what stands before the slash."""
    assert all(p.id.startswith(f"{p.group}/") for p in problems())


def test_every_group_is_used_and_explained() -> None:
    """Groups with problems and groups with an explanation are the same, in the same order."""
    assert list(dict.fromkeys(p.group for p in problems())) == list(GROUPS)
    assert all(re.fullmatch(r"[A-Z0-9].{20,}\.", about) for about in GROUPS.values())


def test_every_problem_says_what_it_catches() -> None:
    """The mistake is one sentence, and no two problems catch the same one."""
    catches = [p.catches for p in problems()]
    assert [c for c in catches if not re.fullmatch(r"\S.{20,}\.", c)] == []
    assert [c for c in catches if catches.count(c) > 1] == []


def test_every_problem_says_how_it_was_made() -> None:
    """The words on the making give the shape and the types."""
    for p in problems():
        assert f"x {p.inputs.x.shape} = " in p.made
        assert f"{p.inputs.x.dtype}, parameters {p.inputs.parameter_dtype}" in p.made or (
            p.inputs.gamma is None and str(p.inputs.x.dtype) in p.made
        )


def test_only_exact_problems_have_a_tighter_limit() -> None:
    """The usual limit holds for all but the group of exact problems."""
    assert {p.limit for p in problems() if p.group != "exact"} == {LIMIT}
    assert {p.limit for p in problems() if p.group == "exact"} == {4.0}


def test_problems_are_made_once() -> None:
    """The catalogue is cached within a process."""
    assert problems() is problems()


def test_problems_are_the_same_when_made_again() -> None:
    """A problem that is made anew has the same bytes, whatever was made before it."""
    by_id = {p.id: p for p in problems()}
    again = [
        problem(group, row) for group, row in reversed(rows()) if row.recipe.shape != (65537, 1)
    ]
    assert digest(again) == digest(by_id[p.id] for p in again)


def test_the_bytes_are_pinned() -> None:
    """The sample's inputs have the bytes that they always had, under any numpy."""
    by_id = {p.id: p for p in problems()}
    assert digest(by_id[i] for i in SAMPLE) == DIGEST


@pytest.mark.parametrize("piece", ["x", "dy"])
def test_batches_have_the_shape_and_type_of_x(piece: str) -> None:
    """Upstream gradients and earlier batches match x."""
    for p in problems():
        for name, array in arrays(p.inputs):
            if name == piece or name.startswith("history"):
                assert array.shape == p.inputs.x.shape, p.id
                assert array.dtype == p.inputs.x.dtype, p.id


def test_parameters_have_one_value_per_channel_and_one_type() -> None:
    """Gamma, beta and the running statistics have the channel shape and the same type."""
    for p in problems():
        found = [a for n, a in arrays(p.inputs) if n not in ("x", "dy") and "history" not in n]
        assert {a.shape for a in found} <= {p.inputs.channel_shape}, p.id
        assert {a.dtype for a in found} <= {p.inputs.parameter_dtype}, p.id


def test_running_statistics_come_in_pairs() -> None:
    """Both running statistics are given or neither is, and test mode has them."""
    for p in problems():
        assert (p.inputs.running_mean is None) == (p.inputs.running_var is None), p.id
        assert p.inputs.training or p.inputs.running_mean is not None, p.id


def test_no_array_can_be_written() -> None:
    """No adapter can change a problem for those that come after it."""
    for p in problems():
        assert not any(array.flags.writeable for _, array in arrays(p.inputs)), p.id


def test_no_memory_is_shared() -> None:
    """No two arrays of a problem are views of one buffer."""
    for p in problems():
        owners = [array for _, array in arrays(p.inputs) if array.size]
        for i, one in enumerate(owners):
            assert not any(np.shares_memory(one, other) for other in owners[:i]), p.id


def test_zeros_are_positive() -> None:
    """No input holds -0, whose sign the expected values do not keep."""
    for p in problems():
        for name, array in arrays(p.inputs):
            wide = array.astype(np.float64)
            assert not np.signbit(wide[wide == 0]).any(), (p.id, name)


def test_the_catalogue_is_small() -> None:
    """Inputs and expected values of one size fit in 16 MB, and most problems are tiny."""
    sizes = [p.inputs.x.size for p in problems()]
    stored = sum(
        p.inputs.x.nbytes * (2 + len(p.inputs.earlier)) + 16 * p.inputs.x.size for p in problems()
    )
    assert stored <= 16e6
    assert sum(size <= 512 for size in sizes) > 0.9 * len(sizes)
