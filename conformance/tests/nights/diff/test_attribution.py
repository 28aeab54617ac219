"""Tests of `nights.diff.attribution`: who is named, for every way in which re-runs can end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from conformance.nights.diff.attribution import (
    REPEATS,
    Origin,
    Outcomes,
    Pair,
    Reran,
    attribute,
)
from conformance.nights.diff.changes import Difference, Outcome
from conformance.nights.diff.compare import compare
from conformance.nights.history import History
from conformance.tests.nights.history.nights import add, cases
from conformance.tests.report.records import failed, passed
from conformance.verdict.record import OutputResult

GOOD, BAD = Outcome(status="pass", grade="A", units=2.0), Outcome(status="fail", grade="F")


class Machine:
    """Answers as a machine would on which some pairs show the failure."""

    def __init__(self, bad: Sequence[tuple[str, str]], *, steady: bool = True) -> None:
        """Take the (commit, version) pairs that fail here, and whether bits repeat."""
        self.bad, self.runs, self._noise = bad, [], count()  # type: ignore[var-annotated]
        self._steady = steady

    def __call__(self, pair: Pair, adapter: str, path: str, names: Sequence[str]) -> Outcomes:
        """One run."""
        key = (pair.commit, pair.packages["torch"])
        self.runs.append(key)
        assert (adapter, path) == ("torch", "functional")
        outcome = BAD if key in self.bad else GOOD
        bits = "same" if self._steady else str(next(self._noise))
        return {(name, "y"): Reran(outcome=outcome, bits=bits) for name in names}


def worsened(
    tmp_path: Path,
    *,
    commits: tuple[str, str] = ("a", "b"),
    versions: tuple[str, str] = ("2.12", "2.13"),
    now: OutputResult | None = None,
) -> Difference:
    """Two nights: torch/functional passes in the first and fails in the second."""
    history = History(tmp_path / "history")
    for number, result in enumerate([passed(2.0), now or failed()]):
        add(
            history, number, ["torch/functional"], results=cases({"y": result}),
            version=versions[number], commit=commits[number],
        )  # fmt: skip
    return compare("previous", "latest", history)


NEW, OLD, NEW_FRAMEWORK, NEW_SUITE = ("b", "2.13"), ("a", "2.12"), ("a", "2.13"), ("b", "2.12")


@pytest.mark.parametrize(
    ("bad", "cause"),
    [
        ([NEW, NEW_FRAMEWORK], Origin.FRAMEWORK),
        ([NEW, NEW_SUITE], Origin.SUITE),
        ([NEW], Origin.BOTH),
        ([NEW, NEW_FRAMEWORK, NEW_SUITE], Origin.BOTH),
        ([NEW, OLD, NEW_FRAMEWORK, NEW_SUITE], Origin.ENVIRONMENT),
        ([], Origin.ENVIRONMENT),
    ],
)
def test_the_pair_that_shows_it_is_to_blame(
    tmp_path: Path, bad: list[tuple[str, str]], cause: Origin
) -> None:
    """Suite and framework both changed: the mixed pairs tell which of them did it."""
    (found,) = attribute(worsened(tmp_path), Machine(bad))
    assert found.cause is cause
    assert found.column == "torch/functional"


def test_bits_that_differ_are_a_flake(tmp_path: Path) -> None:
    """Five runs of the same pair with other bits: nobody changed anything."""
    machine = Machine([NEW], steady=False)
    (found,) = attribute(worsened(tmp_path), machine)
    assert found.cause is Origin.FLAKE
    assert machine.runs == [NEW] * REPEATS


def test_only_the_framework_changed(tmp_path: Path) -> None:
    """With one suite there is no mixed pair to run."""
    machine = Machine([("a", "2.13")])
    (found,) = attribute(worsened(tmp_path, commits=("a", "a")), machine)
    assert found.cause is Origin.FRAMEWORK
    assert machine.runs == [("a", "2.13")] * REPEATS + [("a", "2.12")]


def test_only_the_suite_changed(tmp_path: Path) -> None:
    """With one version of the framework it is the suite."""
    (found,) = attribute(worsened(tmp_path, versions=("2.13", "2.13")), Machine([("b", "2.13")]))
    assert found.cause is Origin.SUITE


def test_nothing_changed_but_the_result(tmp_path: Path) -> None:
    """The same pair then and now, and it shows it now: the machine or its packages did."""
    difference = worsened(tmp_path, commits=("a", "a"), versions=("2.13", "2.13"))
    (found,) = attribute(difference, Machine([("a", "2.13")]))
    assert found.cause is Origin.ENVIRONMENT


def test_a_drift_is_attributed_by_the_size_of_the_error(tmp_path: Path) -> None:
    """The grade is the same; what counts is whether the error is nearer to the new one."""

    def rerun(pair: Pair, _adapter: str, _path: str, names: Sequence[str]) -> Outcomes:
        units = 7.5 if pair.packages["torch"] == "2.13" else 2.1
        outcome = Outcome(status="pass", grade="A", units=units)
        return {(name, "y"): Reran(outcome=outcome, bits="b") for name in names}

    (found,) = attribute(worsened(tmp_path, now=passed(8.0)), rerun)
    assert found.cause is Origin.FRAMEWORK


HERE = {"processor": "this one", "processors": "2", "cpu_features": "avx avx2"}
"""The facts of the machine that runs again."""

ELSEWHERE = {**HERE, "cpu_features": "avx avx2 avx512f"}


def moved(
    tmp_path: Path, old: Mapping[str, str], new: Mapping[str, str], now: OutputResult | None = None
) -> Difference:
    """Two nights with these facts around them, and a failure in the second."""
    history = History(tmp_path / "history")
    for number, (result, facts) in enumerate([(passed(2.0), old), (now or failed(), new)]):
        add(
            history, number, ["torch/functional"], results=cases({"y": result}),
            version="2.13", commit="a", **facts,
        )  # fmt: skip
    return compare("previous", "latest", history)


SAME = ("a", "2.13")


def test_old_versions_that_fail_on_this_machine_blame_it(tmp_path: Path) -> None:
    """The old pair passed on another machine and fails on this one: the machine did it."""
    (found,) = attribute(moved(tmp_path, ELSEWHERE, HERE), Machine([SAME]), HERE)
    assert found.cause is Origin.MACHINE
    assert found.evidence.endswith("shows it now; that run had another cpu_features")


def test_a_failure_of_another_machine_blames_it(tmp_path: Path) -> None:
    """The new pair failed on another machine and passes on this one: the machine did it."""
    (found,) = attribute(moved(tmp_path, HERE, ELSEWHERE), Machine([]), HERE)
    assert found.cause is Origin.MACHINE
    assert "does not show it on this machine" in found.evidence


def test_the_same_machine_is_not_to_blame(tmp_path: Path) -> None:
    """Where all facts are the same something else did it."""
    for machine in (Machine([SAME]), Machine([])):
        folder = tmp_path / str(len(machine.bad))
        (found,) = attribute(moved(folder, HERE, HERE), machine, HERE)
        assert found.cause is Origin.ENVIRONMENT


def test_a_setting_from_outside_makes_another_machine(tmp_path: Path) -> None:
    """A run in which none was set is another one than a process in which one is."""
    set_here = {**HERE, "settings": "ATEN_CPU_CAPABILITY=avx2"}
    (found,) = attribute(moved(tmp_path, HERE, set_here), Machine([SAME]), set_here)
    assert found.cause is Origin.MACHINE
    assert found.evidence.endswith("another settings")


@pytest.mark.parametrize("fact", ["packages", "lacking"])
def test_packages_may_be_to_blame_as_well(tmp_path: Path, fact: str) -> None:
    """Where packages differ too it cannot be told which did it; what is lacking is no package."""
    old = {**ELSEWHERE, fact: "six==1"}
    (found,) = attribute(moved(tmp_path, old, HERE), Machine([SAME]), HERE)
    assert found.cause is (Origin.ENVIRONMENT if fact == "packages" else Origin.MACHINE)


def test_the_framework_is_to_blame_on_any_machine(tmp_path: Path) -> None:
    """Re-runs on one machine find the version, whatever the machines of the nights were."""
    history = History(tmp_path / "history")
    for number, (result, facts) in enumerate([(passed(2.0), ELSEWHERE), (failed(), HERE)]):
        add(
            history, number, ["torch/functional"], results=cases({"y": result}),
            version=("2.12", "2.13")[number], commit="a", **facts,
        )  # fmt: skip
    (found,) = attribute(compare("previous", "latest", history), Machine([SAME]), HERE)
    assert found.cause is Origin.FRAMEWORK


def test_what_follows_from_the_machine_is_not_run_again(tmp_path: Path) -> None:
    """A drift on another machine is told and is no worsening."""
    machine = Machine([SAME])
    assert attribute(moved(tmp_path, ELSEWHERE, HERE, now=passed(9.0)), machine, HERE) == []
    assert machine.runs == []


def test_nothing_worse_runs_nothing(tmp_path: Path) -> None:
    """A difference without a worse output asks for no run."""
    machine = Machine([])
    assert attribute(worsened(tmp_path, now=passed(2.0)), machine) == []
    assert machine.runs == []
