"""Two runs on two machines: what follows from the machine is told apart, and hides no failure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

from conformance.nights.diff.changes import ChangeKind, Difference
from conformance.nights.diff.compare import compare
from conformance.nights.diff.payload import as_json
from conformance.nights.diff.wording import as_markdown, as_text, verdict
from conformance.nights.history import History
from conformance.tests.nights.history.nights import cases, night
from conformance.tests.report.records import EVERY, failed, passed, save, silent
from conformance.verdict.record import OutputResult, Status

OLD = {"y": passed(3.0), "dx": passed(2.0), "dgamma": EVERY[Status.EXPECTED_FAIL]}
FACTS = {
    "system": "Linux-6.1-glibc2.36",
    "machine": "x86_64",
    "processor": "Xeon",
    "processors": "2",
    "cpu_features": "avx avx2 avx512f",
    "switches": "TF_ENABLE_ONEDNN_OPTS=1",
    "packages": "numpy==1 six==1",
    "commit": "a",
}
"""What a record tells of its machine."""

OTHER: Mapping[str, Mapping[str, str]] = {
    "features": {"cpu_features": "avx avx2"},
    "processor": {"processor": "EPYC"},
    "threads": {"processors": "4"},
    "switch": {"switches": "TF_ENABLE_ONEDNN_OPTS=0"},
    "setting": {"settings": "ATEN_CPU_CAPABILITY=avx2"},
    "system": {"system": "Linux-6.8-glibc2.39"},
    "features and what they lack": {"cpu_features": "avx", "lacking": "bfloat16: no kernel"},
}
"""Machines that differ from it."""

REFUSED = silent(Status.UNSUPPORTED, "on this machine: bfloat16: no kernel")
HARMLESS: Mapping[str, tuple[ChangeKind, OutputResult]] = {
    "a drift": (ChangeKind.DRIFT, passed(6.5)),
    "a worse grade": (ChangeKind.WORSE, passed(18.0, "B")),
    "degraded": (ChangeKind.WORSE, EVERY[Status.DEGRADED]),
    "a refusal": (ChangeKind.UNCOMPARED, REFUSED),
}
"""What y may become on another machine, and what it would be on the same."""

WORSE: Mapping[str, tuple[ChangeKind, OutputResult]] = {
    "a failure": (ChangeKind.NEW_FAILURE, failed()),
    "a crash": (ChangeKind.NEW_FAILURE, silent(Status.CRASH, "SIGILL")),
    "a probe that raised": (ChangeKind.NEW_FAILURE, silent(Status.ERROR, "the probe 'x' raised")),
    "an expectation that does not hold": (ChangeKind.NEW_FAILURE, EVERY[Status.UNEXPECTED_PASS]),
    "not run": (ChangeKind.UNCOMPARED, silent(Status.NOT_RUN)),
}
"""What no machine excuses."""


def then(
    tmp_path: Path,
    result: OutputResult,
    facts: Mapping[str, str],
    old: Mapping[str, str] = FACTS,
    **named: str,
) -> Difference:
    """What changed if one y of torch/functional becomes this, with other facts around it."""
    results = cases(OLD)
    results[1] = replace(results[1], outputs={**OLD, "y": result})
    where = tmp_path / "old", tmp_path / "new"
    paths = ["torch/functional"]
    save(night(0, paths, results=cases(OLD), **old), where[0])
    save(night(1, paths, results=results, **{**named, **facts}), where[1])
    return compare(str(where[0]), str(where[1]), History(tmp_path / "none"))


@pytest.mark.parametrize("machine", OTHER)
@pytest.mark.parametrize("name", HARMLESS)
def test_what_follows_from_the_machine_is_not_worse(
    tmp_path: Path, name: str, machine: str
) -> None:
    """With nothing but the machine differing, what is no failure has a section of its own."""
    found = then(tmp_path, HARMLESS[name][1], {**FACTS, **OTHER[machine]})
    (change,) = found.changes
    assert change.kind is ChangeKind.MACHINE
    assert change.note == HARMLESS[name][0].value
    assert not found.worse
    assert {told.about for told in found.circumstances} == {"machine"}
    assert verdict(found).startswith("nothing worse: 1 another-machine;")
    for text in (as_text(found), as_markdown(found)):
        assert "another-machine: no failure, and nothing but the machine differs" in text
        assert "offset/1" in text.replace("\\", "")


@pytest.mark.parametrize("machine", OTHER)
@pytest.mark.parametrize("name", WORSE)
def test_a_failure_is_never_hidden_by_the_machine(tmp_path: Path, name: str, machine: str) -> None:
    """Whatever else is worse on another machine stays what it is, and the exit status 1."""
    kind, result = WORSE[name]
    found = then(tmp_path, result, {**FACTS, **OTHER[machine]})
    assert [change.kind for change in found.changes] == [kind]
    assert found.worse


ALSO: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "framework": ({"version": "2.14.0"}, {}),
    "catalogue": ({"digest": "def0" * 16}, {}),
    "suite": ({}, {"commit": "b"}),
    "packages": ({}, {"packages": "numpy==1 six==2"}),
}
"""What else may have changed the result: of the record, and of its facts."""


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("also", ALSO)
def test_the_machine_excuses_nothing_where_more_differs(
    tmp_path: Path, name: str, also: str
) -> None:
    """Where framework, suite or packages changed as well, they may have done it."""
    named, facts = ALSO[also]
    other = {**FACTS, **OTHER["features"], **facts}
    found = then(tmp_path, HARMLESS[name][1], other, FACTS, **named)
    assert found.worse
    assert [change.kind for change in found.changes] == [HARMLESS[name][0]]
    assert "machine" in {told.about for told in found.circumstances}


@pytest.mark.parametrize("name", HARMLESS)
def test_the_same_machine_excuses_nothing(tmp_path: Path, name: str) -> None:
    """Equal facts: a drift is a drift."""
    assert then(tmp_path, HARMLESS[name][1], FACTS).worse


def test_what_is_lacking_is_no_evidence_of_another_machine(tmp_path: Path) -> None:
    """A probe that refuses on the same machine as before has lost something."""
    found = then(tmp_path, REFUSED, {**FACTS, "lacking": "bfloat16: no kernel"})
    assert [change.kind for change in found.changes] == [ChangeKind.UNCOMPARED]


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize(
    "old", [{}, {"processor": "Xeon", "commit": "a", "packages": "numpy==1 six==1"}]
)
def test_a_record_that_tells_less_is_of_no_other_machine(
    tmp_path: Path, name: str, old: Mapping[str, str]
) -> None:
    """Records of earlier versions know no features and no switches: unknown is not different."""
    now = {
        key: FACTS[key] for key in ("processor", "commit", "packages", "cpu_features", "switches")
    }
    found = then(tmp_path, HARMLESS[name][1], now, old)
    assert found.worse
    assert found.circumstances == ()


def test_a_column_that_compares_nothing_stays_silent(tmp_path: Path) -> None:
    """A machine that refuses everything is told, refusals or not."""
    paths = ["torch/functional"]
    save(night(0, paths, results=cases(OLD), **FACTS), tmp_path / "old")
    facts = {**FACTS, **OTHER["features"]}
    nothing = cases(dict.fromkeys(OLD, REFUSED))
    save(night(1, paths, results=nothing, **facts), tmp_path / "new")
    found = compare(str(tmp_path / "old"), str(tmp_path / "new"), History(tmp_path / "none"))
    assert {change.kind for change in found.changes} == {ChangeKind.SILENT, ChangeKind.MACHINE}
    assert found.worse


def test_each_column_has_a_machine_of_its_own(tmp_path: Path) -> None:
    """A drift on the machine that stayed is not excused by a column that moved."""
    drifted = cases({**OLD, "y": passed(6.5)})
    moved = {**FACTS, **OTHER["features"]}
    for name, results, facts in (("old", cases(OLD), FACTS), ("new", drifted, moved)):
        save(night(0, ["torch/functional"], results=results, **facts), tmp_path / name)
        save(night(0, ["jax/jnp"], results=results, **FACTS), tmp_path / name)
    found = compare(str(tmp_path / "old"), str(tmp_path / "new"), History(tmp_path / "none"))
    told = {change.column: change.kind for change in found.changes}
    assert told == {"torch/functional": ChangeKind.MACHINE, "jax/jnp": ChangeKind.DRIFT}
    assert found.worse


def test_features_that_came_and_went_are_told(tmp_path: Path) -> None:
    """Of two long lists of instructions only the difference is shown."""
    found = then(tmp_path, passed(6.5), {**FACTS, "cpu_features": "avx avx2 fma"})
    (told,) = found.circumstances
    assert (told.about, told.name, told.old, told.new) == (
        "machine",
        "cpu_features",
        "avx512f",
        "fma",
    )


def test_a_history_keeps_the_machine(tmp_path: Path) -> None:
    """Runs that went through Parquet files are told apart as their records are."""
    history = History(tmp_path / "history")
    paths = ["torch/functional"]
    history.add(night(0, paths, results=cases(OLD), **FACTS))
    moved = {**FACTS, **OTHER["switch"]}
    history.add(night(1, paths, results=cases({**OLD, "y": passed(6.5)}), **moved))
    found = compare("previous", "latest", history)
    assert {change.kind for change in found.changes} == {ChangeKind.MACHINE}


def test_the_json_keeps_its_schema(tmp_path: Path) -> None:
    """Machines get the kind and what it would have been, in the form that is promised."""
    schema = json.loads((resources.files("conformance") / "schemas" / "diff.json").read_text())
    said = json.loads(as_json(then(tmp_path, REFUSED, {**FACTS, **OTHER["features"]})))
    jsonschema.validate(said, schema)
    assert said["counts"] == {"another-machine": 1}
    assert said["changes"][0]["note"] == "no-longer-compared"
    assert said["worse"] is False
