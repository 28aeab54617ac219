"""Questions that follow each other: one is judged while the next is with the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.checking.query import Query
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.harness.kernels.source import Source
from conformance.harness.session import Session
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import CaseResult


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A right kernel in a file."""
    file = tmp_path / "k.py"
    file.write_text(RIGHT)
    return Source(selector=f"{file}:batch_norm", where=("C <= 8",))


def _bits(results: list[CaseResult]) -> list[list[str | None]]:
    return [[output.bits for output in result.outputs.values()] for result in results]


def test_one_is_judged_while_the_next_is_asked(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next question is put when an answer is in, and before the verdict on that is reached."""
    course: list[str] = []
    put, heard, judge = Session.pose, Session.answer, Trial._judged

    def pose(self: Session, *words: Any, **more: Any) -> object:
        course.append("put")
        return put(self, *words, **more)

    def answer(self: Session, posed: Any) -> object:
        told = heard(self, posed)
        course.append("heard")
        return told

    def judged(self: Trial, *words: Any) -> Tried:
        course.append("judged")
        return judge(self, *words)

    monkeypatch.setattr(Session, "pose", pose)
    monkeypatch.setattr(Session, "answer", answer)
    monkeypatch.setattr(Trial, "_judged", judged)
    cases = list(conformance.load("dense/t*"))[:3]
    with Trial(source, "k.py", case_seconds=60) as trial:
        trial.describe()
        list(trial.each(Query(case=case) for case in cases))
    between = ["heard", "put", "judged"]
    assert course == ["put", *between, *between, "heard", "judged"]


def test_many_are_answered_as_each_alone(source: Source) -> None:
    """Verdicts come in the order of the questions, and are those that each gets by itself.

    Some are outside of the scope and not put at all, and some are refused.
    """
    cases = list(conformance.load(["dense/*", "half/subnormal*", "width/*"]))
    with Trial(source, "k.py", case_seconds=60) as trial:
        trial.describe()
        together = [one.result for one in trial.each(Query(case=case) for case in cases)]
        alone = [trial.run(case).result for case in cases]
    assert [result.case for result in together] == [case.id for case in cases]
    reasons = {output.reason for result in together for output in result.outputs.values()}
    assert any("outside of the declared scope" in str(reason) for reason in reasons)
    assert _bits(together) == _bits(alone)
    assert [result.status for result in together] == [result.status for result in alone]


def test_a_crash_in_between_costs_one_case(tmp_path: Path) -> None:
    """What a kernel dies of is told of the call that it died in, and of no other one."""
    cases = list(conformance.load("dense/*"))
    shape = cases[len(cases) // 2].inputs.x.shape
    deadly = {case.id for case in cases if case.inputs.x.shape == shape}
    (tmp_path / "k.py").write_text(
        RIGHT.replace("    rest, M", f"    if x.shape == {shape}: exit_at_once(3)\n    rest, M")
        + "\nfrom os import _exit as exit_at_once\n"
    )
    source = Source(selector=f"{tmp_path / 'k.py'}:batch_norm")
    with Trial(source, "k.py", case_seconds=60) as trial:
        trial.describe()
        told = [one.result for one in trial.each(Query(case=case) for case in cases)]
    died = {r.case for r in told if any(o.status == "crash" for o in r.outputs.values())}
    assert died
    assert died <= deadly
    assert not any(o.status == "error" for r in told for o in r.outputs.values())
    assert any(o.status == "pass" for o in told[-1].outputs.values())
