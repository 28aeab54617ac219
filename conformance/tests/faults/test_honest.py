"""The honest panel: truly different algorithms, none of which is ever rejected."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conformance.batches import through_earlier
from conformance.faults import FAULTS, honest
from conformance.faults.honest import PANEL, Honest
from conformance.faults.sheet import kernel
from conformance.memory import laid_out
from conformance.power import alarms, matrix
from conformance.tests.sampling import every


def test_there_are_many_and_all_differ() -> None:
    """At least fifteen algorithms, and each gives other bits than the two-pass one somewhere."""
    assert len(PANEL) >= 15
    cases = [c for c in matrix.cases() if c.inputs.x.dtype == np.float32 and c.inputs.x.size < 3e3]
    plain = [through_earlier(kernel(), laid_out(c.inputs)) for c in cases]
    same = []
    for member in PANEL.values():
        mine = (through_earlier(kernel(member.edits), laid_out(c.inputs)) for c in cases)
        pairs = zip(plain, mine, strict=True)
        if all(np.array_equal(a[n], b[n], equal_nan=True) for a, b in pairs for n in a):
            same.append(member.id)
    assert same == ["two-pass"]


@pytest.mark.parametrize("member", every(4, PANEL))
def test_no_member_is_rejected(member: str) -> None:
    """Every case in its own type gets grade A or B from every member, and in another no F.

    Offsets of float64 cases lose the variance in float32: what adds one by one is C there.
    """
    types = alarms.TYPES[1 + list(PANEL).index(member) % (len(alarms.TYPES) - 1)]
    if PANEL[member].narrow and types == "float64":
        types = "float32"
    for asked, met in ((alarms.AS_IT_IS, {"A", "B"}), (types, {"A", "B", "C"})):
        trial = alarms.examine((member, asked))
        assert trial.alarms == ()
        assert set(trial.grades) <= met


def test_a_fault_in_the_panel_raises_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness can fail: a wrong kernel in an honest one's place is reported."""
    wrong = Honest(id="two-pass", about="-", edits=FAULTS["dx-missing-var-term"].edits)
    monkeypatch.setattr(honest, "PANEL", {**PANEL, "two-pass": wrong})
    monkeypatch.setattr(alarms, "PANEL", {**PANEL, "two-pass": wrong})
    trial = alarms.examine(("two-pass", alarms.AS_IT_IS))
    assert len(trial.alarms) > 100
    assert Counter(trial.grades)["F"] == len(trial.alarms)


def test_retyped_casts_every_array() -> None:
    """Every array is of the asked type, values beyond it are infinite, and memory still fits."""
    for case in matrix.cases():
        inputs = alarms.retyped(case.problem, "float16+float32").inputs
        laid_out(inputs)
        assert {str(a.dtype) for a in (inputs.x, *inputs.earlier)} == {"float16"}
        for given in (inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var):
            assert given is None or given.dtype == np.float32
        beyond = np.abs(case.inputs.x.astype(np.float64)) > 65520
        assert np.isinf(inputs.x[beyond]).all()
