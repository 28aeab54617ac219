"""Tests of the workflows: their commands are run, in the order of their steps."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from conformance.nights.history import History
from conformance.nights.history.alarms import Alarm
from conformance.tests.ci.workflows import CHECKOUT, Runner, commands, every_job, workflow
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

INSTALL = "python -m pip install --require-hashes --only-binary=:all: -r ci/requirements/tox.txt"
COLUMN = 'python ci/nightly.py columns "$COLUMN"'
MATERIALS = 'python -m tox run -e materials -- "$COLUMN"'
KEPT = ("runs", "results", "cases")
LISTED = "${{ fromJSON(needs.columns.outputs.columns) }}"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A machine with a copy of the checkout, on which nothing ran yet."""
    return Runner(tmp_path_factory.mktemp("runner"))


@pytest.mark.long
def test_two_nights_and_a_pull_request_from_their_first_step_to_their_last(runner: Runner) -> None:
    """Two nights of one column: history kept, site made, the others missed and told.

    The commands are those of nightly.yml; artifacts lie where the next job would put them.
    """
    jobs = workflow("nightly")["jobs"]
    column, night = commands(jobs["column"]["steps"]), commands(jobs["night"]["steps"])
    assert [step["run"] for step in column] == [INSTALL, COLUMN, MATERIALS]
    for number in range(2):
        done = runner.run(column[1], COLUMN="textbook", PYTEST_ADDOPTS="--conformance-tier smoke")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "textbook ended with 0" in done.stdout
        _list_materials(runner, column[2])
        results = [runner.run(step) for step in night[1:]]
        # Four columns did not report: the night says so, and all that follows still runs.
        said = "\n".join(each.stdout + each.stderr for each in results)
        assert [each.returncode for each in results] == [0, 1, 0], said
        said = runner.summary.read_text() if runner.summary.exists() else ""
        assert ("nothing worse" in said) == (number == 1)
        _keep(runner, jobs)
        _run_again(runner, jobs, number)
    kept = runner.folder / "kept"
    clone = ["git", "clone", "-q", "--branch", "history", str(runner.remote), str(kept)]
    subprocess.run(clone, check=True)
    history = History(kept)
    assert len(history.names()) == 2
    entries = {entry.column: entry for entry in history.entries(history.resolve("latest"))}
    assert entries["textbook/staged"].compared > 0
    assert entries["textbook/staged"].environment["commit"]
    assert {e.missing for e in entries.values() if e.adapter == "jax"} == {"wrote no run record"}
    page = (runner.root / "site" / "index.html").read_text()
    assert Alarm.MISSING_COLUMN.value in page
    assert "textbook/staged" in page
    assert Alarm.DAMAGED_FILE.value not in page  # the files of git beside it are none of its own
    _compare_a_pull_request(runner)
    _watch(runner)


def _list_materials(runner: Runner, step: dict[str, Any]) -> None:
    """The bill of materials of a column; without a network it says that nothing was looked up."""
    told = runner.run(step, COLUMN="textbook")
    assert "materials: textbook: " in told.stdout, told.stdout + told.stderr
    file = runner.root / "night" / "materials" / "textbook.cdx.json"
    bill = json.loads(file.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert {"numpy", "h5py"} <= {each["name"] for each in bill["components"]}


def _keep(runner: Runner, jobs: dict[str, Any]) -> None:
    """The job that may write: what the night left travels to it as an artifact does."""
    (step,) = commands(jobs["keep"]["steps"])
    for name in KEPT:
        shutil.copytree(runner.root / "history" / name, runner.root / "new" / name)
    shutil.rmtree(runner.root / "history")
    done = runner.run(step)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(runner.root / "history")


def _run_again(runner: Runner, jobs: dict[str, Any], number: int) -> None:
    """The job that blames: it has the history of the night, and one night has none before it."""
    steps = commands(jobs["rerun"]["steps"])
    (runner.root / "new").rename(runner.root / "history")
    done = [runner.run(step) for step in steps[1:]]
    assert [each.returncode for each in done] == [0, 0], done
    assert ("no earlier night" in done[0].stdout) == (number == 0)
    shutil.rmtree(runner.root / "history")


def _compare_a_pull_request(runner: Runner) -> None:
    """The steps of pull-request.yml that follow the columns: a matrix, a difference, a summary."""
    steps = commands(workflow("pull-request")["jobs"]["difference"]["steps"])
    runner.summary.unlink(missing_ok=True)
    shutil.rmtree(runner.root / "history", ignore_errors=True)
    results = [runner.run(step) for step in steps[1:]]
    assert [each.returncode for each in results] == [0, 1, 0]
    assert "did not report: jax" in results[1].stdout
    assert "### ✅ nothing worse" in runner.summary.read_text()
    assert (runner.root / "night" / "report" / "index.html").is_file()


def _watch(runner: Runner) -> None:
    """The steps of watch.yml: the columns that did not report are an alarm."""
    steps = commands(workflow("watch")["jobs"]["check"]["steps"])
    shutil.rmtree(runner.root / "history", ignore_errors=True)
    results = [runner.run(step) for step in steps[1:]]
    assert [each.returncode for each in results] == [0, 1]
    assert "ALARM missing-column: jax: wrote no run record" in results[1].stdout


def test_environments_of_tox_are_run_by_their_names(runner: Runner) -> None:
    """The step of pull-request.yml that runs an environment runs one; those it names exist."""
    job = workflow("pull-request")["jobs"]["tests"]
    step = commands(job["steps"])[1]
    done = runner.run(step, ENVIRONMENT="clean")
    assert done.returncode == 0, done.stdout + done.stderr
    named = job["strategy"]["matrix"]["environment"]
    for env in (*named, "publish", "torch-newest", "torch-gpu", "numba-cuda-gpu"):
        asked = [sys.executable, "-m", "tox", "config", "-e", env, "-k", "commands"]
        told = subprocess.run(asked, cwd=runner.root, capture_output=True, text=True, check=True)
        assert "commands =" in told.stdout


def test_every_command_of_every_workflow_is_one_of_those(runner: Runner) -> None:
    """No workflow holds a command that no test here has run."""
    del runner
    tested = {INSTALL, COLUMN, MATERIALS}
    jobs = dict(every_job())
    for name in ("nightly/columns", "pull-request/columns", "gpu/columns"):
        tested |= {step["run"] for step in commands(jobs[name]["steps"])}
    for name in ("nightly/night", "nightly/keep", "nightly/rerun"):
        tested |= {step["run"] for step in commands(jobs[name]["steps"])}
    for name in ("pull-request/difference", "pull-request/tests", "watch/check"):
        tested |= {step["run"] for step in commands(jobs[name]["steps"])}
    found = {step["run"] for job in jobs.values() for step in commands(job["steps"])}
    assert found == tested


def test_the_columns_of_the_workflows_are_those_of_the_pipeline(runner: Runner) -> None:
    """nightly.yml runs every column but those of the GPU, gpu.yml these, each as it is listed."""
    asked = [sys.executable, "ci/nightly.py", "columns", "none"]
    told = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    known = set(told.stderr.strip().rsplit("choose from ", maxsplit=1)[1].split(", "))
    columns = {name: set(runner.columns(name)) for name in ("nightly", "pull-request", "gpu")}
    assert columns["nightly"] | columns["gpu"] == known
    assert columns["gpu"] == {name for name in known if name.endswith("-gpu")}
    assert columns["pull-request"] == {
        name for name in known if not name.endswith(("-gpu", "-newest"))
    }
    for name in columns:
        job = workflow(name)["jobs"]["column"]
        assert job["needs"] == "columns"
        assert job["strategy"]["matrix"]["column"] == LISTED


def test_a_column_that_takes_too_long_is_stopped(runner: Runner) -> None:
    """It leaves an outcome that says so, and the next column runs."""
    command = "python ci/nightly.py --minutes 0.02 columns jax"
    done = runner.run({"run": command})
    assert done.returncode == 0
    outcome = (runner.root / "night" / "outcomes" / "jax.json").read_text()
    assert '"exit": null' in outcome
    assert "0.02 minutes were over" in outcome
