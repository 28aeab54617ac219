"""Adapter times cases makes run records."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from conformance.case import Dialect
from conformance.cases import golden
from conformance.errors import AdapterError, ExpectationError
from conformance.harness import run
from conformance.verdict import record_file, ruler
from conformance.verdict.record import Status

UNRULY = Path(__file__).parents[1] / "data" / "unruly" / "adapter.py"


def test_record_says_everything_about_the_run() -> None:
    """A record names versions, device, dialect, catalogue, and for each output a verdict."""
    ids = golden.select("dense/train-float32")
    (done,) = run.run(run.columns("textbook/staged"), ids)
    assert (done.adapter, done.path, done.device) == ("textbook", "staged", "cpu")
    assert {"numpy", "python", "conformance"} <= set(done.versions)
    assert done.dialect["running_var"] == "unbiased"
    assert done.catalogue == {
        "digest": golden.manifest().digest,
        "cases": len(golden.manifest().entries),
        "published": True,
    }
    (case,) = done.cases
    assert (case.mode, case.layout, case.dtype) == ("train", "NC", "float32")
    assert case.repro == "conformance run textbook/staged --case dense/train-float32"
    for result in case.outputs.values():
        assert result.status is Status.PASS
        assert result.worst is not None
        assert result.units is not None


@pytest.mark.parametrize("path", ["good", "segfault", "hang", "refuse", "throw", "sampled"])
def test_real_records_keep_the_published_schema(path: str, tmp_path: Path) -> None:
    """What a run writes is what the JSON Schema says, whatever became of the cases."""
    columns = run.columns(f"{UNRULY}:{path}")
    (done,) = run.run(columns, golden.select("dense/train-float32"), case_seconds=2)
    record_file.write(done, tmp_path / "record.json")
    schema = json.loads((files("conformance") / "schemas" / "run-record.json").read_text())
    written = json.loads((tmp_path / "record.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(written)
    assert record_file.read(tmp_path / "record.json") == done


def test_every_due_output_has_a_status_whatever_happens() -> None:
    """A crash, a refusal and a pass name the same outputs: nothing vanishes from the counts."""
    ids = golden.select("dense/train-float32")
    wanted = ruler.due_names(golden.manifest().entries[ids[0]].due, Dialect())
    for path in ("segfault", "refuse", "good"):
        (done,) = run.run(run.columns(f"{UNRULY}:{path}"), ids)
        assert sorted(done.cases[0].outputs) == sorted(wanted), path


def test_output_without_a_bound_is_not_run() -> None:
    """Where a dialect has no bound for an output, that output is named and is no pass."""
    ids = golden.select("constant/all-channels")
    (done,) = run.run(run.columns("textbook/sigma_plus_eps"), ids)
    outputs = done.cases[0].outputs
    assert outputs["y"].status is Status.NOT_RUN
    assert outputs["mean"].status is Status.PASS


def test_sequence_of_updates_is_carried_from_call_to_call() -> None:
    """A case with a history is right only if every call gets the statistics of the one before."""
    ids = golden.select("sequence/*")
    (done,) = run.run(run.columns("textbook/staged"), ids)
    assert all(case.inputs.earlier for case in golden.load(ids))
    statuses = {c.outputs[n].status for c in done.cases for n in ("running_mean", "running_var")}
    assert statuses == {Status.PASS}


def test_columns_run_side_by_side() -> None:
    """With several jobs the records come in the order of the columns."""
    columns = run.columns("textbook")[:3]
    done = run.run(columns, golden.select("dense/test-float32"), jobs=2)
    assert [record.path for record in done] == [column.path for column in columns]


def test_unknown_path_is_answered_with_the_known() -> None:
    """A path that does not exist is an error that lists those that do."""
    with pytest.raises(AdapterError, match="Its paths are: good"):
        run.columns(f"{UNRULY}:bad")


@pytest.fixture
def unruly(tmp_path: Path) -> Path:
    """A copy of the misbehaving adapter, to give expectations to."""
    return Path(shutil.copy(UNRULY, tmp_path / "adapter.py"))


def test_expected_failures_are_applied(unruly: Path) -> None:
    """An expected crash is no red; the reason stays with it."""
    unruly.with_name("expectations.toml").write_text(
        "[[expect]]\npaths = ['segfault']\ncases = ['dense/*']\nreason = 'wild pointer'\n"
    )
    (done,) = run.run(run.columns(f"{unruly}:segfault"), golden.select("dense/train-float32"))
    assert set(done.counts) == {Status.EXPECTED_FAIL}
    assert not done.red
    assert "wild pointer" in str(done.cases[0].outputs["y"].reason)


def test_expectation_that_matches_nothing_stops_the_run(unruly: Path) -> None:
    """A stale entry is an error before anything runs."""
    unruly.with_name("expectations.toml").write_text(
        "[[expect]]\npaths = ['segfault']\ncases = ['nowhere/*']\nreason = 'stale'\n"
    )
    with pytest.raises(ExpectationError, match="matches nothing"):
        run.columns(f"{unruly}:segfault")
