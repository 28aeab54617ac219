"""The items of the suite as pytest and its users see them, beside a function of pytest."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from conformance.tests.suite.test_plugin import UNRULY, read, suite

STAGED = ("--conformance-adapter", "textbook/staged")
ITEM = "test_conformance.py::test_output[textbook/staged-dense/train-float32-{}]"
OUTPUTS = ("y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std", "running_mean", "running_var")

OWN = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def around():
    print("BEGUN")
    yield
    print("ENDED")

def test_own(around): pass
def test_other(around): pass
"""


def test_items_have_the_names_of_functions(tmp_path: Path) -> None:
    """An item is named by column, case and output, in that order, and follows the last one."""
    done = suite(tmp_path, *STAGED, "-k", "dense/train-float32-", "--collect-only")
    found = [line.partition("/suite/")[2] or line for line in done.stdout.splitlines()]
    assert found[: len(OUTPUTS)] == [ITEM.format(output) for output in OUTPUTS]


def test_every_item_is_reported_once(tmp_path: Path) -> None:
    """JUnit and the terminal have one result for each output, with its name and a file."""
    done = suite(tmp_path, *STAGED, "-k", "dense/train-float32-", "-vv", "--junitxml", "r.xml")
    assert done.stdout.count(" PASSED") == len(OUTPUTS)
    found = ET.parse(tmp_path / "r.xml").getroot().iter("testcase")  # noqa: S314 - pytest wrote it
    names = [case.get("name") for case in found]
    assert names == [ITEM.format(output).partition("::")[2] for output in OUTPUTS]


NEIGHBOUR = "conformance.tests.test_layout"
"""Tests that lie in a package in which the suite lies, too."""


@pytest.mark.parametrize("before", [(), (NEIGHBOUR,), ("test_own.py", NEIGHBOUR)])
def test_functions_beside_the_items_keep_their_fixtures(
    tmp_path: Path, before: tuple[str, ...]
) -> None:
    """What stands around other tests is set up and cleared once, before the items or after."""
    (tmp_path / "test_own.py").write_text(OWN)
    (tmp_path / "test_more.py").write_text("def test_more(): pass")
    after = [name for name in ("test_own.py", "test_more.py") if name not in before]
    words = ["-s", "-k", "own or other or more or test_layout or dense/train-float32-", *STAGED]
    done = suite(tmp_path, *words, *after, before=before)
    assert done.returncode == 0, done.stdout
    assert "error" not in done.stdout
    assert re.findall("BEGUN|ENDED", done.stdout) == ["BEGUN", "ENDED"]


COUNTING = """
import pytest

count = 0

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    global count
    count += 1
    return (yield)

def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"REPORTS {count}")
"""
QUIET = ("-p", "no:hypothesispytest", "-p", "no:timeout")
"""Without the plug-ins of these tests, as in the environment of a column."""


def test_other_plug_ins_have_their_say_in_every_report(tmp_path: Path) -> None:
    """A plug-in that adds to reports is asked for each; the JUnit file is the same without it."""
    (tmp_path / "counting.py").write_text(COUNTING)
    words = ("-k", "dense/train-float32-", *STAGED, *QUIET)
    suite(tmp_path, *words, "--junitxml", "without.xml")
    done = suite(tmp_path, *words, "--junitxml", "with.xml", "-p", "counting")
    told = re.search("REPORTS ([0-9]+)", done.stdout)
    assert told is not None, done.stdout
    assert int(told[1]) >= len(OUTPUTS)
    files = [(tmp_path / f"{name}.xml").read_text() for name in ("with", "without")]
    files = [re.sub('time(stamp)?="[^"]*"', "", text) for text in files]
    assert files[0] == files[1]


def test_what_cannot_be_run_is_an_error_and_no_failure(tmp_path: Path) -> None:
    """Where the case itself cannot be had, each of its items is an error of its preparation."""
    broken = tmp_path / "conftest.py"
    broken.write_text(
        "from conformance.suite.collected import Collected\n"
        "def examine(self, column, case): raise OSError('the disk is gone')\n"
        "Collected.examine = examine\n"
    )
    words = ["-k", "dense/train-float32-d", "-p", "conftest", *STAGED]
    done = suite(tmp_path, *words)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout
    assert "3 errors" in done.stdout
    assert "ERROR at setup of test_output[textbook/staged-dense/train-float32-dx]" in done.stdout
    assert "the disk is gone" in done.stdout


def test_the_first_failure_ends_the_run_where_it_is_asked_for(tmp_path: Path) -> None:
    """With -x nothing comes after the first failure, and the record says that it is partial."""
    words = ("--conformance-adapter", f"{UNRULY}:throw", "-x", "-k", "dense/train-float32")
    done = suite(tmp_path, *words)
    assert "1 failed" in done.stdout
    assert "stopping after 1 failures" in done.stdout
    (record,) = (tmp_path / "records").rglob("*.json")
    written = read(tmp_path, record.relative_to(tmp_path / "records").with_suffix("").as_posix())
    assert str(written.partial).startswith("pytest ended early")
