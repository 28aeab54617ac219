"""Tests of ``conformance matrix``."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.commands import matrix
from conformance.report.collect import collect
from conformance.report.lean import Pool
from conformance.tests.report.records import EVERY, case, failed, many, passed, record, save
from conformance.verdict.record import Status
from conformance.verdict.record_file import write


def call(*arguments: str | Path) -> int:
    """Run the command as the command line does."""
    return main(["matrix", *map(str, arguments)])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A folder with one record in which nothing is red."""
    outputs = {"y": passed(), "dx": EVERY[Status.EXPECTED_FAIL], "var": EVERY[Status.UNSUPPORTED]}
    return save([record([case(outputs)])], tmp_path / "records")


def test_a_conforming_matrix_exits_with_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Expected failures and unsupported outputs are no reason to fail; the verdict is printed."""
    assert call(good, "--require", "torch") == 0
    assert capsys.readouterr().out.startswith("as expected: nothing red in 1 path")


@pytest.mark.parametrize("status", [Status.FAIL, Status.CRASH, Status.UNEXPECTED_PASS])
def test_red_exits_with_1(tmp_path: Path, status: Status) -> None:
    """One red output among good ones is enough."""
    save([record([case({"y": passed(), "dx": EVERY[status]})])], tmp_path)
    assert call(tmp_path) == 1


def test_a_column_that_vanished_exits_with_1(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An adapter that was expected and has no record makes a good matrix red."""
    assert call(good, "--require", "torch", "jax") == 1
    assert "did not report: jax" in capsys.readouterr().out


def test_expect_may_be_given_again(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two --require add up; the last does not replace the first."""
    assert call(good, "--require", "jax", "--require", "torch") == 1
    assert "jax" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "{", '{"schema": "other"}'])
def test_what_cannot_be_read_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    """A missing or damaged record is neither a pass nor a failure, and is named."""
    file = tmp_path / "record.json"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert call(file, "--out", tmp_path / "site") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("conformance matrix: ")
    assert "record.json" in printed.err
    assert not (tmp_path / "site").exists()


def test_duplicates_exit_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two records of one column the second did not report; both files are named."""
    for name in ("a.json", "b.json"):
        write(record([case({"y": passed()})]), tmp_path / name)
    assert call(tmp_path) == 1
    assert "a.json" in (said := capsys.readouterr().out)
    assert "b.json" in said


def test_an_empty_folder_exits_with_2(tmp_path: Path) -> None:
    """No record is not an empty success."""
    assert call(tmp_path, "--require", "torch") == 2


def test_out_writes_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder holds the four files, and the terminal's matrix is printed as well."""
    save(many(4, 30), tmp_path / "records")
    out = tmp_path / "site"
    assert call(tmp_path / "records", "--out", out) == 1
    assert sorted(f.name for f in out.iterdir()) == sorted(matrix.FILES.values())
    assert json.loads((out / "matrix.json").read_text(encoding="utf-8"))["as_expected"] is False
    assert (out / "index.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (out / "junit.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert (out / "matrix.md").read_text(encoding="utf-8").startswith("❌")
    printed = capsys.readouterr().out
    assert printed.startswith("not as expected")
    assert str(out) in printed


def test_a_report_is_no_record(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report that was written among the records is set aside with its schema, not joined."""
    assert call(good, "--out", good) == 0
    assert call(good) == 1
    assert "did not report: matrix.json" in (said := capsys.readouterr().out)
    assert "conformance/matrix/2" in said


def test_format_chooses(good: Path, tmp_path: Path) -> None:
    """Only the formats that were named are written."""
    assert call(good, "--out", tmp_path / "site", "--format", "json,junit") == 0
    assert {f.name for f in (tmp_path / "site").iterdir()} == {"matrix.json", "junit.xml"}


@pytest.mark.parametrize(
    ("name", "start"),
    [("markdown", "✅"), ("html", "<!DOCTYPE"), ("junit", "<?xml"), ("json", "{")],
)
def test_one_format_can_be_printed(
    good: Path, capsys: pytest.CaptureFixture[str], name: str, start: str
) -> None:
    """Without a folder the one format that was named goes to standard output, alone."""
    assert call(good, "--format", name) == 0
    assert capsys.readouterr().out.startswith(start)


def test_two_formats_need_a_folder(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two formats in one stream would be neither."""
    assert call(good, "--format", "json,html") == 2
    assert "--out" in capsys.readouterr().err


def test_an_unknown_format_is_refused(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names what there is."""
    with pytest.raises(SystemExit) as caught:
        call(good, "--format", "pdf")
    assert caught.value.code == 2
    assert "'pdf' is no format; choose from terminal" in capsys.readouterr().err


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has a command that can be copied and says what the exit status means."""
    with pytest.raises(SystemExit) as caught:
        call("--help")
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "conformance matrix records --out site" in said
    assert "exit status" in said


def test_a_library_that_is_missing_is_named(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the report extra the terminal works, and HTML says what to install."""
    monkeypatch.delitem(sys.modules, "conformance.report.page", raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert call(good) == 0
    assert call(good, "--out", tmp_path / "site") == 2
    assert "batchnorm-conformance[report]" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_folder_that_cannot_be_written_exits_with_2(good: Path, tmp_path: Path) -> None:
    """A failure to write is told apart from a failure to conform."""
    (tmp_path / "site").write_text("a file", encoding="utf-8")
    save([record([case({"y": failed()})], "jax/linen")], good)
    assert call(good, "--out", tmp_path / "site") == 2


def test_what_held_a_record_to_its_schema_is_let_go(tmp_path: Path) -> None:
    """While nobody looks for cycles, none add up from record to record."""
    cases = [case({"y": passed(), "dx": failed()}, f"offset/{number}") for number in range(50)]
    save([record(cases, f"torch/p{number}") for number in range(4)], tmp_path)
    read = collect([tmp_path], keep=matrix._kept(Pool()))  # what is made once is made here
    gc.collect()
    gc.disable()
    try:
        again = collect([tmp_path], keep=matrix._kept(Pool()))
        left = gc.collect()
    finally:
        gc.enable()
    assert again.records == read.records
    assert left < len(cases)
