"""Bad input at the command line: whatever a user gets wrong is one line, and never a traceback."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.commands import door
from conformance.commands.exits import OWN_FAULT
from conformance.tests.checking.kernels import RIGHT
from conformance.tests.report.records import case, passed, record, save

KERNEL = "kernel.py"
ONE = ("--case", "dense/train-float32", "--no-fresh")


def _deep(kind: str) -> str:
    return {"json": "[" * 100_000, "toml": "a = " + "[" * 100_000}[kind]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with good files, and with one of every kind of bad ones."""
    monkeypatch.chdir(tmp_path)
    Path(KERNEL).write_text(RIGHT, encoding="utf-8")
    save([record([case({"y": passed()})])], Path("records"))
    Path("folder").mkdir()
    Path("empty").touch()
    Path("binary").write_bytes(bytes(range(256)))
    Path("deep.json").write_text(_deep("json"), encoding="utf-8")
    Path("deep.toml").write_text(_deep("toml"), encoding="utf-8")
    Path("list.json").write_text("[]", encoding="utf-8")
    Path("other.json").write_text('{"schema": "other/1"}', encoding="utf-8")
    Path("number.json").write_text("1" * 5000, encoding="utf-8")
    Path("wrong.toml").write_text("expect = 3", encoding="utf-8")
    Path("table.toml").write_text("[[expect]]\npaths = 3\ncases = {}\nreason = []\n")
    Path("broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    Path("raises.py").write_text("raise RuntimeError('at import')", encoding="utf-8")
    Path("syntax.py").write_text("def (", encoding="utf-8")
    Path("latin.py").write_bytes("# é".encode("latin-1"))
    Path("exits.py").write_text("raise SystemExit(0)", encoding="utf-8")
    Path("nothing.py").touch()
    Path("loop").symlink_to("loop")
    Path("locked").mkdir()
    locked = Path("locked/file.json")
    locked.touch()
    locked.chmod(0)
    Path("locked").chmod(0)
    yield tmp_path
    Path("locked").chmod(stat.S_IRWXU)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit status of a command, and what it says on standard error."""
    try:
        status = main(words)
    except SystemExit as leaving:
        status = int(leaving.code or 0)
    return status, capsys.readouterr().err


PLACES = ("nowhere", "folder", "empty", "binary", "deep.json", "list.json", "other.json",
          "number.json", "loop", "empty/below", "x" * 300)  # fmt: skip
"""What may stand where a file was wanted."""

READERS: dict[str, Callable[[str], tuple[str, ...]]] = {
    "check": lambda place: ("check", place, *ONE),
    "doctor": lambda place: ("doctor", place),
    "known": lambda place: ("check", KERNEL, *ONE, "--known-failures", place),
    "verify": lambda place: ("verify", place),
    "run": lambda place: ("run", place),
    "run-file": lambda place: ("run", f"{place}.py"),
    "expectations": lambda place: ("expectations", place),
    "expectations-records": lambda place: ("expectations", "textbook", "--records", place),
    "report-bug": lambda place: ("report-bug", f"{place}/one", "dense/train-float32"),
    "matrix": lambda place: ("matrix", place),
    "diff": lambda place: ("diff", place, place),
    "history-add": lambda place: ("history", "add", place),
    "history-outcomes": lambda place: ("history", "add", "records", "--outcomes", place),
    "history-list": lambda place: ("history", "list", "--history", place),
    "history-check": lambda place: ("history", "check", "--history", place),
    "site": lambda place: ("site", "--history", place),
    "generate": lambda place: ("generate", "--verify", "--out", place),
    "list": lambda place: ("list", "paths", place),
    "power": lambda place: ("power", "--check", place),
}
"""Every command that reads what is named."""


HARMLESS = {("known", "empty"), ("history-outcomes", "list.json")}
"""No known failure and no outcome are none, and no mistake."""


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("reader", READERS)
def test_what_cannot_be_read_is_one_line(
    capsys: pytest.CaptureFixture[str], reader: str, place: str
) -> None:
    """No file, a folder, no text, no JSON, nested too deep, locked: status 2, and a line."""
    words = READERS[reader](place)
    status, err = said(capsys, *words)
    if (reader, place) in HARMLESS:
        assert status == 0
        return
    assert status == 2 or (reader == "history-check" and status == 1), err
    assert "Traceback" not in err
    assert status == 1 or "conformance " in err


WRITERS: dict[str, tuple[str, ...]] = {
    "check": ("check", KERNEL, *ONE, "--quiet", "--out"),
    "statement": ("check", KERNEL, *ONE, "--quiet", "--statement"),
    "run": ("run", "textbook/staged", "--case", "dense/train-float32", "--records"),
    "report-bug": ("report-bug", "textbook/staged", "dense/train-float32", "--out"),
    "matrix": ("matrix", "records", "--out"),
    "diff": ("diff", "records", "records", "--out"),
    "history": ("history", "add", "records", "--history"),
    "power": ("power", "--out"),
    "generate": ("generate", "--out"),
}
"""Every command that writes where it is told, the place last."""


@pytest.mark.parametrize("place", ["empty/below", "loop/below", "x" * 300, "binary/a/b"])
@pytest.mark.parametrize("writer", WRITERS)
def test_what_cannot_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], writer: str, place: str
) -> None:
    """A file where a folder is wanted, a loop, a name too long: status 2, before the work."""
    status, err = said(capsys, *WRITERS[writer], place)
    assert status == 2, err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize("writer", ["check", "statement", "report-bug", "diff"])
def test_a_folder_is_no_file_to_write(capsys: pytest.CaptureFixture[str], writer: str) -> None:
    """A folder where a file is to be written is told before anything is run."""
    status, err = said(capsys, *WRITERS[writer], "folder")
    assert status == 2
    assert "folder is a folder, a file was wanted. Name one in it." in err


NUMBERS = ("nan", "-1", "inf", "1e400", "text", "")
OPTIONS: dict[str, tuple[str, ...]] = {
    "check-timeout": ("check", KERNEL, "--timeout"),
    "check-memory": ("check", KERNEL, "--memory-gib"),
    "check-fuzz": ("check", KERNEL, "--fuzz"),
    "check-seed": ("check", KERNEL, "--seed"),
    "doctor-timeout": ("doctor", KERNEL, "--timeout"),
    "run-timeout": ("run", "textbook", "--timeout"),
    "run-jobs": ("run", "textbook", "--jobs"),
    "bug-timeout": ("report-bug", "a/b", "c/d", "--timeout"),
    "bug-seconds": ("report-bug", "a/b", "c/d", "--seconds"),
    "diff-factor": ("diff", "records", "records", "--factor"),
    "diff-floor": ("diff", "records", "records", "--floor"),
    "history-limit": ("history", "list", "--limit"),
    "history-every": ("history", "check", "--every"),
    "site-every": ("site", "--every"),
    "power-jobs": ("power", "--jobs"),
}
"""Every option that is a number, last."""


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("option", OPTIONS)
def test_a_number_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, number: str
) -> None:
    """NaN, infinity, what is negative or no number: found, wanted, and where to look."""
    *words, last = OPTIONS[option]
    status, err = said(capsys, *words, f"{last}={number}")
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    assert repr(number) in err
    assert "was wanted" in err
    assert "--help" in err


KERNELS = ("raises.py:f", "syntax.py:f", "latin.py:f", "exits.py:f", "nothing.py", "kernel.py:no",
           ":", "no.such.module:f", "os:path", "exec:", "exec:./nowhere", "exec:'",
           "exec:./kernel.py", "math:pi", "json:loads:x")  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("command", ["check", "doctor"])
def test_a_kernel_that_is_none_is_told(
    capsys: pytest.CaptureFixture[str], command: str, kernel: str
) -> None:
    """What does not load, exits, or is no kernel could not be run; nothing of ours is shown."""
    more = ONE if command == "check" else ()
    status, err = said(capsys, command, kernel, *more)
    assert status in (1, 2), err
    assert "conformance/commands" not in err
    assert status != OWN_FAULT


MISTAKES = (
    (), ("chek",), ("check",), ("check", KERNEL, "--tier", "smok"), ("check", KERNEL, "--nothing"),
    ("check", KERNEL, "--case", "no/such"), ("check", KERNEL, "--dtype", "float31"),
    ("check", KERNEL, "--dialect", "momentum"), ("check", KERNEL, "--dialect", "=,="),
    ("check", KERNEL, "--case", ""), ("check", KERNEL, *ONE, "--known-failures", "deep.toml"),
    ("check", KERNEL, *ONE, "--known-failures", "wrong.toml"),
    ("check", KERNEL, *ONE, "--known-failures", "table.toml"),
    ("check", KERNEL, *ONE, "--known-failures", "broken.h5"),
    ("verify", "list.json", "nowhere.py"), ("run", "textbok"), ("run", "textbook/no"),
    ("run", "textbook", "--case", "no/such"), ("run", "/"), ("run", "a/b/c"),
    ("report-bug", "textbook", "dense/train-float32"), ("report-bug", "textbook/staged", "no/such"),
    ("report-bug", "textbook/staged", "dense/train-float32", "--output", "z"),
    ("expectations", "textbook", "--reason", "x"), ("expectations", "textbook", "--output", "z"),
    ("matrix",), ("matrix", "records", "--format", "pdf"),
    ("matrix", "records", "--format", "html,json"),
    ("diff", "records"), ("diff", "latest", "previous"),
    ("diff", "latest~x", "a"),
    ("diff", "records", "records", "--rerun", "--repository", "nowhere", "--workdir", "empty"),
    ("history",), ("history", "add"), ("history", "list", "--limit", "0"),
    ("history", "add", "records", "--outcomes", "list.json", "--history", "empty"),
    ("site", "--history", "records"), ("site", "--out", "empty"), ("site", "--power", "list.json"),
    ("generate", "surplus"), ("generate", "--verify", "--out", "folder"),
    ("list",), ("list", "nothing"), ("list", "paths"), ("list", "faults", "no-such"),
    ("list", "cases", "surplus"), ("list", "cases", "--case", "no/such"),
    ("power", "--check", "other.json", "--out", "empty/below"),
)  # fmt: skip
"""Mistakes that are none of the kinds above."""


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    """What is missing, misspelt or surplus: status 2, one line, and the command that it is of."""
    status, err = said(capsys, *words)
    assert status == 2, err
    assert "Traceback" not in err
    name = " ".join(["conformance", *(word for word in words[:1] if word in door.COMMANDS)])
    assert err.strip().splitlines()[-1].startswith(name), err


def test_a_word_that_is_nearly_right_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped command or choice is told with the one that it looks like."""
    assert "did you mean check?" in said(capsys, "chek")[1]
    assert "did you mean smoke?" in said(capsys, "check", KERNEL, "--tier", "smok")[1]


def test_an_argument_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A file name that is no UTF-8 could not be told in a report, and is refused at once."""
    command = [sys.executable, "-m", "conformance", "check", os.fsdecode(b"\xff.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert b"is no UTF-8, text was wanted" in done.stderr


def test_a_terminal_that_lacks_signs_stops_nothing() -> None:
    """In a terminal of plain ASCII every command prints what it can."""
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    command = [sys.executable, "-m", "conformance", "matrix", "records"]
    done = subprocess.run(command, env=plain, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_fault_of_ours_shows_where_and_asks_for_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw has a status of its own, its traceback, and whom it is of."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    monkeypatch.setattr("conformance.commands.list._rows", broken)
    status, err = said(capsys, "list", "groups")
    assert status == OWN_FAULT == 70
    assert "Traceback" in err
    assert "nobody foresaw this" in err
    assert (
        err.strip()
        .splitlines()[-1]
        .startswith("conformance list: this is a fault of conformance, not of what you gave it.")
    )


def test_a_hand_made_statement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A statement whose digest fits and that lacks what is verified is told, and no traceback."""
    from conformance.checking.statement import SCHEMA, digest  # noqa: PLC0415 - for this test

    said_of_it = {"schema": SCHEMA, "kernel": [], "suite": 3}
    Path("hand.json").write_text(json.dumps({**said_of_it, "sha256": digest(said_of_it)}))
    status, err = said(capsys, "verify", "hand.json")
    assert status == 2
    assert "hand.json is no usable statement: " in err
