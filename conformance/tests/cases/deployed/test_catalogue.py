"""The deployed catalogue: its golden files, and what it covers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from conformance import oracle
from conformance.case import Case
from conformance.cases import deployed, golden, published
from conformance.cases.golden import audit
from conformance.cases.golden.content import digest
from conformance.float_types import limits
from conformance.harness import wire
from conformance.oracle.proof import prove

_MOST = 1_000_000
CASES = tuple(oracle.solve(problem) for problem in deployed.problems())


def test_the_golden_files_are_those_of_the_catalogue() -> None:
    """The stored cases are what is solved now, and the package knows their digest."""
    folder = deployed.folder()
    stored, refused = audit.readable(folder)
    assert not refused
    assert audit.compare(CASES, stored, folder, explain=deployed.GROUPS) == []
    assert golden.manifest(folder).digest == published.DEPLOYED
    assert golden.manifest(folder).foreign is None


def test_every_value_is_proven() -> None:
    """The proof, which shares nothing with the oracle, calls every stored value right."""
    proofs = [prove(case) for case in golden.load_matching(folder=deployed.folder())]
    assert not [disproof for proof in proofs for disproof in proof.disproofs]
    assert sum(proof.proven for proof in proofs) == sum(
        value.size for case in CASES for value in case.expected.items().values()
    )


def test_the_files_are_small() -> None:
    """All together they have less than a megabyte, so that they travel in the wheel."""
    assert sum(file.stat().st_size for file in deployed.folder().iterdir()) < _MOST


def test_no_id_is_one_of_the_other_catalogue() -> None:
    """Groups and ids of the two catalogues differ, so that a name means one case."""
    others = golden.manifest().entries
    assert not {case.id for case in CASES} & others.keys()
    assert not set(deployed.GROUPS) & {entry.group for entry in others.values()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_results_fit_their_type(case: Case) -> None:
    """Whatever a folded weight may do, y itself is finite and below the largest number."""
    y = case.expected.y
    assert y is not None
    assert np.isfinite(y).all()
    assert np.abs(y).max() < limits(case.inputs.x.dtype).largest


def test_kinds_meet_types_and_layouts() -> None:
    """Each product is there in float32 and float16, with channels second and last."""
    kinds = ("norm", "linear", "conv", "conv_transpose", "norm before conv")
    found = {
        (case.inputs.block.kind, str(case.inputs.x.dtype))
        for case in CASES
        if case.inputs.block is not None
    }
    assert {*product(kinds, ("float32", "float16"))} <= found
    last = {
        case.inputs.block.kind
        for case in CASES
        if case.inputs.block is not None and case.inputs.channel_axes[0] == case.inputs.x.ndim - 1
    }
    assert {*kinds} <= last


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.id)
def test_a_worker_gets_the_block_that_was_asked(case: Case) -> None:
    """Packed as a message and unpacked again a call has the same arrays and the same geometry."""
    again = wire.unpack(*wire.pack(case.inputs))
    same = replace(case, problem=replace(case.problem, inputs=again))
    assert digest(same) == digest(case)
    assert (again.mode, again.channel_shape) == ("deploy", case.inputs.channel_shape)
