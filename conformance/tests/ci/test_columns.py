"""Tests of the columns: a folder of ``adapters`` is one everywhere, and nothing else names it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.tests.ci.workflows import Runner
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

NAME, ENV = "other_framework", "other-framework"
RELEASES = ("2.4.0", "2.10.1")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A copy of the checkout with one more folder, which is a copy of the textbook's."""
    runner = Runner(tmp_path_factory.mktemp("columns"))
    folder = runner.root / "adapters" / NAME
    folder.mkdir()
    for file in (runner.root / "adapters" / "textbook").glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "newest.txt").write_text("--pre\nnumpy\n")
    (folder / "gpu.txt").write_text("# nothing more\n")
    (folder / "older").mkdir()
    for release in RELEASES:
        (folder / "older" / f"{release}.txt").write_text(f"# as it was\nnumpy=={release}\n")
    return runner


def told(runner: Runner, *command: str) -> str:
    """What a command prints in the copy, whose own package it imports."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TOX_", "PYTEST_XDIST"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=runner.root,
        env={**kept, "PYTHONPATH": str(runner.root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 2), done.stdout + done.stderr
    return done.stdout + done.stderr


def test_tox_runs_it_with_all_others(runner: Runner) -> None:
    """``tox list`` has it among the default environments, before the matrix; its others not."""
    usual, more = told(runner, "-m", "tox", "list").split("additional environments:")
    order = [line.split()[0] for line in usual.splitlines() if "->" in line]
    assert order.index("clean") < order.index(ENV) < order.index("matrix")
    assert f"\n{ENV}-newest " in more
    assert f"\n{ENV}-gpu " in more
    assert f"\n{ENV}-large " in more


def test_its_environment_is_that_of_a_column(runner: Runner) -> None:
    """Its packages come from its folder, its own tests and the suite run on it."""
    said = told(runner, "-m", "tox", "config", "-e", ENV, "-k", "deps", "commands")
    assert f"-r adapters/{NAME}/requirements.txt" in said
    assert f"{os.sep}conformance{os.sep}adapters{os.sep}{NAME}\n" in said
    assert f" {NAME} --" in said
    newest = told(runner, "-m", "tox", "config", "-e", f"{ENV}-newest", "-k", "deps", "set_env")
    assert f"-r adapters/{NAME}/newest.txt" in newest
    assert "CONFORMANCE_CHANNEL=newest" in newest


def test_a_folder_of_deployed_models_is_a_column_of_its_own(runner: Runner) -> None:
    """It runs in one environment, of its name, and in no matrix but that of deployed models."""
    home = runner.root / "adapters" / f"{NAME}_deployed"
    shutil.copytree(runner.root / "adapters" / NAME, home)
    known = told(runner, "-m", "tox", "list", "--no-desc")
    assert f"{ENV}-deployed\n" in known
    assert f"{ENV}-deployed-" not in known
    said = told(runner, "-m", "tox", "config", "-e", f"{ENV}-deployed", "-k", "deps", "commands")
    assert f"-r adapters/{NAME}_deployed/requirements.txt" in said
    assert f"conformance run {NAME}_deployed --records" in said
    assert "conformance doctor" not in said
    usual = told(runner, "-m", "tox", "config", "-e", "matrix-of-all", "-k", "commands")
    assert f"{NAME}_deployed" not in usual
    apart = told(runner, "-m", "tox", "config", "-e", "matrix-of-deployed", "-k", "commands")
    assert f"{NAME}_deployed" in apart


def test_calls_of_every_size_have_an_environment(runner: Runner) -> None:
    """It runs the large tier at the pinned versions, with what stands behind --, and no tests."""
    said = told(runner, "-m", "tox", "config", "-e", f"{ENV}-large", "-k", "deps", "commands")
    assert f"-r adapters/{NAME}/requirements.txt" in said
    assert f"conformance run {NAME} --tier large --records " in said
    assert "conformance.suite" not in said
    usual = told(runner, "-m", "tox", "config", "-e", ENV, "-k", "commands")
    assert "--tier large" not in usual
    assert "conformance doctor" in usual


def test_every_older_release_has_an_environment(runner: Runner) -> None:
    """Its pins, its channel and a folder of records of its own; the adapter's own tests not."""
    env = f"{ENV}-older-2.4.0"
    said = told(runner, "-m", "tox", "config", "-e", env, "-k", "deps", "set_env", "commands")
    assert f"-r adapters/{NAME}/older/2.4.0.txt" in said
    assert "CONFORMANCE_CHANNEL=older" in said
    assert f"records-older/{NAME}-2.4.0" in said
    assert "conformance doctor" in said
    assert "test_folder" not in said


def test_older_releases_have_a_label_of_their_own(runner: Runner) -> None:
    """`tox run -m older` has all of them, the oldest first; the matrices do without them."""
    shown = told(runner, "-m", "tox", "list", "-m", "older", "--no-desc")
    mine = [line.strip() for line in shown.splitlines() if line.strip().startswith(ENV)]
    assert mine == [f"{ENV}-older-{release}" for release in RELEASES]
    joined = told(runner, "-m", "tox", "config", "-e", "matrix-of-older", "-k", "depends")
    assert f"{ENV}-older-2.10.1" in joined
    usual = told(runner, "-m", "tox", "list").split("additional environments:")[0]
    every = told(runner, "-m", "tox", "list", "-m", "all")
    assert "-older-" not in usual + every


@pytest.mark.parametrize(
    ("name", "pin"), [("2.6", "numpy==2.6"), ("2.6.0", "numpy==2.7.0"), ("2.6.0", "# none")]
)
def test_an_older_release_is_what_its_file_is_called(runner: Runner, name: str, pin: str) -> None:
    """A name that tox takes for a Python, or another than the pin, is refused with what to do."""
    file = runner.root / "adapters" / NAME / "older" / f"{name}.txt"
    file.write_text(f"{pin}\n")
    try:
        said = told(runner, "ci/columns.py", "older")
    finally:
        file.unlink()
    assert f"{file} cannot be a column" in said
    assert "mend the pin" in said
    assert "Traceback" not in said


def test_the_matrix_waits_for_it_and_misses_it(runner: Runner) -> None:
    """The matrix depends on its environment and names it among those that must report."""
    said = told(runner, "-m", "tox", "config", "-e", "matrix", "-k", "depends", "commands")
    assert f"  {ENV}\n" in said
    assert NAME in said.rsplit(" --", maxsplit=1)[1].split()


@pytest.fixture
def apart(runner: Runner) -> Iterator[Path]:
    """What the folder says of its column, gone after the test."""
    file = runner.root / "adapters" / NAME / "column.toml"
    file.write_text('apart = true\n[set_env]\nMARK = "{tox_root}{/}here"\n')
    yield file
    file.unlink()


@pytest.mark.usefixtures("apart")
def test_a_column_that_stands_apart_is_in_the_matrix_of_all(runner: Runner) -> None:
    """`tox run` and its matrix do without it, `tox run -m all` and that matrix do not."""
    assert ENV not in told(runner, "-m", "tox", "list").split("additional environments:")[0]
    assert f"\n{ENV} " in told(runner, "-m", "tox", "list", "-m", "all")
    usual = told(runner, "-m", "tox", "config", "-e", "matrix", "-k", "depends", "commands")
    assert (ENV in usual, NAME in usual) == (False, False)
    every = told(runner, "-m", "tox", "config", "-e", "matrix-of-all", "-k", "depends", "commands")
    assert f"  {ENV}\n" in every
    assert NAME in every.rsplit(" --", maxsplit=1)[1].split()


@pytest.mark.usefixtures("apart")
def test_a_folder_sets_variables_of_its_environment(runner: Runner) -> None:
    """With the places of tox in them; no other column has them."""
    said = told(runner, "-m", "tox", "config", "-e", ENV, "-k", "set_env")
    assert f"  MARK={runner.root}{os.sep}here\n" in said
    assert "MARK" not in told(runner, "-m", "tox", "config", "-e", "torch", "-k", "set_env")


@pytest.mark.parametrize(
    "text", ["apart = 1", "set_env = 3", "[set_env]\nA = 1", "more = true", "apart ="]
)
def test_a_folder_that_says_something_else_is_refused(
    runner: Runner, apart: Path, text: str
) -> None:
    """The file is named, and what was wanted of it; there is no column that was not understood."""
    apart.write_text(text)
    said = told(runner, "ci/columns.py", "pinned")
    assert str(apart) in said
    assert "Mend it" in said
    assert "Traceback" not in said


def test_the_nights_and_the_workflows_list_it(runner: Runner) -> None:
    """ci/nightly.py takes it, and the first job of each workflow hands it to the next."""
    known = told(runner, "ci/nightly.py", "columns", "none").rsplit("choose from ", maxsplit=1)[1]
    assert {ENV, f"{ENV}-newest", f"{ENV}-gpu"} <= set(known.strip().split(", "))
    assert f"{ENV}-large" not in known
    assert "-older-" not in known
    assert {ENV, f"{ENV}-newest"} <= set(runner.columns("nightly"))
    assert ENV in runner.columns("pull-request")
    assert f"{ENV}-gpu" in runner.columns("gpu")


def test_conformance_lists_it(runner: Runner) -> None:
    """``conformance list adapters`` shows it, and its paths are there to run."""
    assert f"{NAME} " in told(runner, "-m", "conformance", "list", "adapters")
    assert "/staged " in told(runner, "-m", "conformance", "list", "paths", NAME)


@pytest.mark.parametrize(
    "name", ["matrix", "Torch", "my-framework", "torch_newest", "older", "gpu"]
)
def test_a_name_that_cannot_be_a_column_is_refused(runner: Runner, name: str) -> None:
    """Both tox and the nights say which folder it is and what to do, and run nothing."""
    folder = runner.root / "adapters" / name
    folder.mkdir()
    (folder / "adapter.py").write_text("")
    try:
        for command in (
            ("-m", "tox", "list"),
            ("ci/nightly.py", "check"),
            ("ci/columns.py", "gpu"),
        ):
            done = subprocess.run(
                [sys.executable, *command], cwd=runner.root, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode != 0
            said = done.stdout + done.stderr
            assert f"adapters/{name} cannot be a column" in said
            assert "Traceback" not in said
    finally:
        (folder / "adapter.py").unlink()
        folder.rmdir()
