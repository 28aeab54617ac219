"""The pytest side, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from conformance.verdict import record_file
from conformance.verdict.conventions import TITLES
from conformance.verdict.record import RunRecord, Status

UNRULY = str(Path(__file__).parents[1] / "data" / "unruly" / "adapter.py")


def suite(
    folder: Path, *options: str, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the suite in a folder; the plug-in is named only where the package is not installed.

    Args:
        folder: Where to.
        options: Further arguments of pytest, files of tests that come after the suite among them.
        before: Files and packages that come before it.
    """
    installed = {e.value for e in metadata.entry_points(group="pytest11")}
    plugin = [] if "conformance.suite.plugin" in installed else ["-p", "conformance.suite.plugin"]
    checkout = Path(__file__).parents[3]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin]
    command += ["-c", "/dev/null", "--rootdir", str(folder), "--pyargs", *before]
    path = {} if not plugin else {"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [*command, "conformance.suite", *options],
        cwd=folder,
        env=path or None,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def read(folder: Path, name: str) -> RunRecord:
    """A record that the suite wrote."""
    return record_file.read(folder / "records" / f"{name}.json")


def test_one_item_per_path_case_and_output(tmp_path: Path) -> None:
    """Items carry path, case and output, -k selects by them, and a record is written."""
    done = suite(
        tmp_path, "--conformance-adapter", "textbook/staged", "-k", "dense/train-float32-d"
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
    assert "run record:" in done.stdout
    written = read(tmp_path, "textbook/staged")
    assert [case.case for case in written.cases] == ["dense/train-float32"]
    assert written.counts[Status.PASS] == len(written.cases[0].outputs)
    assert written.conventions == {}


@pytest.mark.parametrize(
    ("path", "code", "word"),
    [("throw", 1, "failed"), ("segfault", 1, "failed"), ("refuse", 0, "skipped")],
)
def test_statuses_become_outcomes(tmp_path: Path, path: str, code: int, word: str) -> None:
    """A crash or an error fails, what is unsupported is skipped, and neither ends the run."""
    done = suite(tmp_path, "--conformance-adapter", f"{UNRULY}:{path}", "-k", "dense/train-float32")
    assert done.returncode == code, done.stdout
    assert word in done.stdout
    assert "passed" not in done.stdout


def test_a_whole_run_measures_conventions(tmp_path: Path) -> None:
    """A path whose every case ran has its conventions in the record, from a worker of xdist too."""
    options = ("--conformance-adapter", "textbook/spatial", "-n", "1")
    done = suite(tmp_path, *options)
    assert done.returncode == 0, done.stdout
    found = read(tmp_path, "textbook/spatial").conventions
    assert list(found) == list(TITLES)
    assert found["running_var"].found == "unbiased"


def test_missing_adapter_is_an_error(tmp_path: Path) -> None:
    """Without an adapter nothing is tested, and the error says what to add, without a trace."""
    done = suite(tmp_path)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "collected.py" not in done.stdout
    assert "Add --conformance-adapter NAME" in done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_unknown_adapter_is_not_a_pass(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """A misspelled adapter is answered with the right one, on one worker or several."""
    done = suite(tmp_path, "--conformance-adapter", "textbok", *workers)
    assert done.returncode != 0
    assert "Did you mean 'textbook'" in done.stdout


def test_empty_selection_is_not_a_pass(tmp_path: Path) -> None:
    """A -k that matches nothing ends with pytest's own code for no tests."""
    done = suite(tmp_path, "--conformance-adapter", "textbook/staged", "-k", "no-such-case")
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert not (tmp_path / "records").exists()


def test_xdist_writes_the_same_records(tmp_path: Path) -> None:
    """Two workers give the verdicts that one gives, in one record per path."""
    options = ("--conformance-adapter", "textbook", "-k", "dense and (staged or differentials)")
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    for folder, more in ((alone, ()), (shared, ("-n", "2", "--dist", "loadgroup"))):
        folder.mkdir()
        done = suite(folder, *options, *more)
        assert done.returncode == 0, done.stdout
    for name in ("textbook/staged", "textbook/differentials"):
        one, two = read(alone, name), read(shared, name)
        assert [c.case for c in one.cases] == [c.case for c in two.cases]
        assert [c.outputs for c in one.cases] == [c.outputs for c in two.cases]
        assert one.versions == two.versions
