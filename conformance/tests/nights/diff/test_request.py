"""Tests of `nights.diff.request`: crafted records, of which no word reaches a path, pip or git."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.nights.diff.attribution import Attribution, Origin, Pair, attribute
from conformance.nights.diff.changes import Change, ChangeKind, Difference, Outcome
from conformance.nights.diff.laboratory import Laboratory
from conformance.nights.diff.request import BASE, request
from conformance.nights.history.entry import ColumnRun, of_record
from conformance.tests.nights.history.nights import night

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

LONG = 100_000
CASE = "dense/train-float64"

HOSTILE: dict[str, tuple[str, ...]] = {
    "adapter": (
        *("../x", "..", ".", "", "/etc", "/", "tiny/../tiny", "./tiny", "adapters/tiny/adapter.py"),
        *("--records=made", "-h", "TINY", "tiny\n", "tiny\0", "tiny ", "t\u0131ny", "t\uff49ny"),
        *("tiny" * LONG, "~", "$HOME", "con"),
    ),
    "path": (
        *("../../x", "..", "/abs", "a/b", "--help", "-x", "", "only\n", "only\0x", "\u043enly"),
        *("only" * LONG, "only.json", "only only", "\x1b[31monly"),
    ),
    "case": (
        *("--records=made", "-h", "*", "dense/*", "../x", "/abs/x", "dense/../x", f"{CASE}\n"),
        *("dense/\0", "", f"dense/{'x' * LONG}", "dense/tr\u0430in", "dense//train", "dense/-x"),
    ),
    "version": (
        *("--index-url=http://127.0.0.1:9/", "-e .", "../../etc", "1.0; rm -rf x", "1.0 --pre"),
        *("1.0\n--index-url=x", "1.0\0", "1.0\n", " 1.0", "", "*", "1.0,!=2", "1.0po\u017ft1"),
        *("\uff19.9", "1" * 5000, "1." * LONG, "git+https://127.0.0.1/x", "file:///tmp/x"),
        *("1.0 @ file:///x", "==1.0", "\u202e0.1"),
    ),
    "distribution": (
        *("--index-url", "-r", "-e", "../x", "/abs/x.whl", "tiny @ file:///x", "tiny[x]", "evil"),
        *("tiny\n", "tiny\0", "", "t\u0456ny", "x" * LONG, "tiny==1.0", ".", "git+https://x"),
    ),
    "commit": (
        *("--output=made", "-", "--", "HEAD", "main", "right", "..", "../x", "HEAD..main", "@{-1}"),
        *("g" * 40, "0" * 40, "0" * 6, "a" * 65, "abcdef1\n", "abcdef1\0", "ABCDEF1", "0x12345678"),
        *("\uff41bcdef1", "a" * LONG, "--remote=x", "abcdef1:README.md", "abcdef1^{tree}"),
    ),
}
"""Words of a record by where they stand."""

ALL = [(where, word) for where, words in HOSTILE.items() for word in words]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit and one adapter, a work folder, and folders to be harmed."""
    place = tmp_path_factory.mktemp("requests")
    home = place / "repository" / "adapters" / "tiny"
    home.mkdir(parents=True)
    (home / "adapter.py").write_text("raise SystemExit('never loaded here')\n")
    (home / "requirements.txt").write_text("# a comment\ntiny==1.0  # another\n")
    (home / "newest.txt").write_text("--pre\n--extra-index-url https://127.0.0.1:9/simple/\ntiny\n")
    git = ["git", "-C", str(home.parents[1]), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"], ["tag", "right"]):
        subprocess.run([*git, *words], check=True)
    for name in ("x", "x-1.0", "tiny-1.0", "etc"):
        (place / name).mkdir()
        (place / name / "kept").write_text(name)
    (place / "work").mkdir()
    return place


class Processes:
    """The processes that this one starts, as the interpreter is asked for them."""

    def __init__(self) -> None:
        """Listen from now on; Python has no way to stop."""
        self.started: list[list[str]] = []
        self.listening = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self.listening and event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
            self.started.append([str(word) for word in args[1]])


@pytest.fixture(scope="module")
def ear() -> Processes:
    """One for all tests."""
    return Processes()


@pytest.fixture
def processes(ear: Processes) -> Iterator[Processes]:
    """What is started during a test."""
    ear.started.clear()
    ear.listening = True
    yield ear
    ear.listening = False


def column(place: Path, name: str = "tiny/only", **changed: str) -> tuple[ColumnRun, Change]:
    """A column that got worse, with some of its words changed."""
    commit = (place / "repository" / ".git" / "refs" / "tags" / "right").read_text().strip()
    (record,) = night(0, ["tiny/only"], commit=changed.get("commit", commit))
    entry = replace(
        of_record(record),
        column=name,
        adapter=changed.get("adapter", "tiny"),
        path=changed.get("path", "only"),
        versions={
            changed.get("distribution", "tiny"): changed.get("version", "1.0"),
            "conformance": "0",
        },
    )
    good = Outcome(status="pass", grade="A", units=1.0)
    bad = Outcome(status="fail", grade="F", units=99.0)
    case = changed.get("case", CASE)
    kind = ChangeKind.NEW_FAILURE
    return entry, Change(kind=kind, column=name, case=case, output="y", old=good, new=bad)


def judged(place: Path, *columns: tuple[ColumnRun, Change]) -> list[Attribution]:
    """What a re-run says of columns, with the real laboratory."""
    entries = {entry.column: entry for entry, _ in columns}
    difference = Difference(
        old="old",
        new="new",
        old_entries=entries,
        new_entries=entries,
        compared=1,
        changes=tuple(change for _, change in columns),
    )
    laboratory = Laboratory(place / "work", place / "repository", sources=["--no-index"])
    return attribute(difference, laboratory.rerun, {"system": "this one"})


def contents(place: Path) -> dict[str, bytes | None]:
    """Everything below a folder."""
    found = {str(p): p.read_bytes() if p.is_file() else None for p in place.rglob("*")}
    return {name: content for name, content in found.items() if "/.git/" not in name}


def test_there_are_forty_crafted_records_and_more() -> None:
    """At least as many as were asked for, each once."""
    assert len(ALL) == len(set(ALL)) >= 100


@pytest.mark.parametrize(
    ("where", "word"), ALL, ids=[f"{where}-{n}" for n, (where, _) in enumerate(ALL)]
)
def test_a_crafted_word_is_refused_before_anything_is_done_with_it(
    place: Path, processes: Processes, where: str, word: str
) -> None:
    """It is named, bounded and in one line; no file is made or removed, no process told of it."""
    before = contents(place)
    (found,) = judged(place, column(place, **{where: word}))
    assert found.cause is Origin.UNKNOWN
    assert found.evidence.startswith("the record names ")
    assert "was wanted" in found.evidence or "were wanted" in found.evidence
    assert found.evidence.isprintable()
    assert len(found.evidence) < 1000
    assert contents(place) == before
    for words in processes.started:
        # Git may be asked whether it has a commit, by its hexadecimal digits.
        assert words[0].endswith("git")
        assert words[3:-1] == ["rev-parse", "--verify", "--quiet", "--end-of-options"]
        assert re.fullmatch(r"[0-9a-f]{7,64}\^\{commit\}", words[-1])


def test_a_refused_column_does_not_end_the_others(place: Path) -> None:
    """Every column gets its answer, in order, those of crafted records by name."""
    columns = [
        column(place, "evil/one", adapter="../x"),
        column(place, "tiny/gone", version="9.9"),
        column(place, "evil/two", commit="--output=made"),
    ]
    found = judged(place, *columns)
    assert [each.column for each in found] == ["evil/one", "tiny/gone", "evil/two"]
    assert [each.cause for each in found] == [Origin.UNKNOWN] * 3
    assert "adapter '../x'" in found[0].evidence
    assert "tiny==9.9" in found[1].evidence  # the words of pip, which was asked for it
    assert "'--output=made'" in found[2].evidence
    assert list((place / "work").iterdir()) == []


def test_what_is_right_goes_on_in_our_own_words(place: Path) -> None:
    """Names and versions are written as packaging writes them, a commit is whole."""
    commit = (place / "repository" / ".git" / "refs" / "tags" / "right").read_text().strip()
    packages = {"Tiny": "1.0RC1+cpu", "H5PY": "3.11"}
    pair = Pair(commit=commit[:9], packages=packages)
    asked = request(pair, "tiny", "only", [CASE], place / "repository")
    assert asked.pins == ("tiny==1.0rc1", "h5py==3.11")
    assert asked.commit == commit
    assert (asked.adapter, asked.path, asked.cases) == ("tiny", "only", (CASE,))


def test_a_branch_that_is_called_like_a_commit_is_no_commit(place: Path) -> None:
    """Git would take the branch; the name of the commit that it leads to is another."""
    git = ["git", "-C", str(place / "repository")]
    subprocess.run([*git, "branch", "abcdef1"], check=True)
    (found,) = judged(place, column(place, commit="abcdef1"))
    assert "'abcdef1'" in found.evidence
    subprocess.run([*git, "branch", "-q", "-D", "abcdef1"], check=True)


@pytest.mark.parametrize("made", ["link", "file"])
def test_a_work_folder_that_holds_something_else_is_refused(
    place: Path, tmp_path: Path, made: str
) -> None:
    """A link in the place of a tree is not followed, and what it leads to stays."""
    work, outside = tmp_path / "work", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    work.mkdir()
    commit = (place / "repository" / ".git" / "refs" / "tags" / "right").read_text().strip()
    spot = work / f"suite-{commit}"
    if made == "link":
        spot.symlink_to(outside)
    else:
        spot.write_text("a file")
    laboratory = Laboratory(work, place / "repository")
    entry, change = column(place, distribution="numpy", version=np_version())
    difference = Difference(
        old="old", new="new", old_entries={entry.column: entry},
        new_entries={entry.column: entry}, changes=(replace(change, column=entry.column),),
        compared=1,
    )  # fmt: skip
    (found,) = attribute(difference, laboratory.rerun, {"system": "this one"})
    assert found.cause is Origin.UNKNOWN
    assert "is no folder that a re-run made" in found.evidence
    assert [p.name for p in outside.iterdir()] == ["kept"]


def np_version() -> str:
    """A version that is installed here, so that no environment is made."""
    from importlib.metadata import version  # noqa: PLC0415 - for this test alone

    return version("numpy")


def test_the_package_needs_what_a_re_run_installs() -> None:
    """The list of what an environment gets is that of pyproject.toml."""
    from importlib.metadata import requires  # noqa: PLC0415 - for this test alone

    needed = [r for r in requires("batchnorm-conformance") or [] if "extra ==" not in r]
    assert sorted(re.split(r"[<>=!~ ;]", r)[0].replace("-", "_") for r in needed) == sorted(BASE)
