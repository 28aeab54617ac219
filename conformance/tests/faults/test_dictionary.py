"""The fault dictionary: what it promises, over the golden cases."""

from __future__ import annotations

import pytest

from conformance.arrays import OUTPUT_NAMES
from conformance.cases.catalogue import rows
from conformance.cases.catalogue.sources import SOURCES
from conformance.faults import CATEGORIES, FAULTS, UNSEEN
from conformance.faults.sheet import Sheet
from conformance.power import matrix
from conformance.power.matrix import KILLED
from conformance.power.suspects import Suspect
from conformance.tests.sampling import every

DERIVED = 73
"""Faults that no source was found for: they follow from what a case is there to catch."""

ACCEPTED = {"folded-affine-cancellation", "squares-overflow-in-single"}


def cited() -> list[tuple[str, str]]:
    """Every case with every executable fault that its row names."""
    return [
        (f"{group}/{row.name}", fault)
        for group, row in rows()
        for fault in row.faults
        if fault in FAULTS and fault not in ACCEPTED
    ]


@pytest.mark.parametrize("name", every(8, FAULTS))
def test_a_fault_is_caught_where_it_says_and_nowhere_else(name: str) -> None:
    """Cases reject every fault, in the outputs and the mode that it declares and in no other.

    But for those that are accepted, with a reason.  All at once: a fault takes a second.
    """
    seen, fault = matrix.examine(Suspect("fault", name)), FAULTS[name]
    wrong = {name for name, row in seen.letters.items() if set(row) & KILLED}
    killers = seen.killers()
    assert bool(fault.accepted) == (fault.id in ACCEPTED) == (not killers)
    if fault.id == "input-mutated":  # no answer at all: an input is wrong
        assert wrong == set(OUTPUT_NAMES)
    else:
        assert wrong == (set() if fault.accepted else set(fault.touches))
    if fault.mode != "both" and killers:
        modes = {matrix.cases()[i].inputs.training for i in killers}
        assert modes == {fault.mode == "train"}


def test_each_fault_is_rejected_by_a_case_made_for_it() -> None:
    """Of the cases whose rows name a fault, some reject it, for every fault that rows name."""
    at = matrix.places()
    named: dict[str, list[bool]] = {}
    for case, fault in cited():
        if FAULTS[fault].exists_for(matrix.cases()[at[case]].inputs):
            letters, _ = matrix.hold(Suspect("fault", fault).path, at[case])
            named.setdefault(fault, []).append(bool(KILLED & set(letters.values())))
    assert [fault for fault, killed in named.items() if not any(killed)] == []


def test_the_dictionary_is_complete_and_told() -> None:
    """Ids are unique, texts are there, and the faults without a source are counted."""
    assert len(FAULTS) == sum(map(len, CATEGORIES.values()))
    assert not FAULTS.keys() & {unseen.id for unseen in UNSEEN}
    assert all(unseen.title and unseen.why for unseen in UNSEEN)
    assert all(f.title and f.math and f.shows and f.hides and f.touches for f in FAULTS.values())
    assert sum(not fault.sources for fault in FAULTS.values()) == DERIVED
    assert SOURCES.keys() <= FAULTS.keys() | {unseen.id for unseen in UNSEEN}


def test_an_unknown_cell_names_those_that_exist() -> None:
    """A formula that misspells a cell is told the cells there are."""
    sheet = Sheet(matrix.cases()[0].inputs, {}, wide=False)
    with pytest.raises(AttributeError, match=r"no cell 'inv_sdt'. It has: .*inv_std"):
        _ = sheet.inv_sdt
