"""Tests of `conformance.nights.history.store`: what is added is there, whatever else happens."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import HistoryError
from conformance.nights.history import History, files
from conformance.nights.history.entry import as_row, column_name, family, of_record, of_row
from conformance.tests.nights.history.nights import add, cases, night
from conformance.tests.report.records import NASTY, case, every_status, failed, many, passed, record
from conformance.verdict.conventions import Convention


@pytest.fixture
def history(tmp_path: Path) -> History:
    """An empty history."""
    return History(tmp_path / "history")


def test_what_was_added_comes_back(history: History) -> None:
    """Every column comes back with its versions, machine, dialect, counts and catalogue."""
    records = night(0, processor="abc 123", commit="f00")
    added = history.add(records, {"tensorflow": "exit 1"})
    entries = {entry.column: entry for entry in history.entries(added.name)}
    assert entries.keys() == {"torch/functional", "jax/jnp", "tensorflow"}
    assert entries["tensorflow"].missing == "exit 1"
    for entry in added.entries:
        assert entries[entry.column] == entry
    wanted = replace(of_record(records[0]), body="", results="")
    assert replace(entries["torch/functional"], body="", results="") == wanted
    assert wanted.environment == {"processor": "abc 123", "commit": "f00"}


def test_equal_results_are_stored_once(history: History) -> None:
    """A night that repeats the one before adds one small file and no results."""
    add(history, 0)
    before = set((history.folder / "results").rglob("*.parquet"))
    added = history.add(night(1))
    assert added.stored == 0
    assert set((history.folder / "results").rglob("*.parquet")) == before


def test_the_same_run_twice_is_one_run(history: History) -> None:
    """Adding is idempotent: a scheduler that tries again adds nothing."""
    first, again = history.add(night(0)), history.add(night(0))
    assert (first.name, first.is_new, again.is_new) == (again.name, True, False)
    assert history.names() == [first.name]


@pytest.mark.parametrize(
    ("word", "place"),
    [("latest", 2), ("previous", 1), ("latest~2", 0), ("previous~1", 0), ("2026-05-02", 1)],
)
def test_a_run_is_named_by_a_word(history: History, word: str, place: int) -> None:
    """Runs are named from the end, or by the beginning of their name."""
    names = [add(history, number) for number in range(3)]
    assert history.resolve(word) == names[place]
    assert history.resolve(names[place]) == names[place]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("latest~9", "neither a run 'latest~9'"),
        ("2025", "neither a run '2025'"),
        ("2026", "beginning of 2 runs"),
    ],
)
def test_a_word_that_names_no_run_is_refused(history: History, word: str, said: str) -> None:
    """No run, and several runs, are told apart."""
    add(history, 0)
    add(history, 1)
    with pytest.raises(HistoryError, match=said):
        history.resolve(word)


@pytest.mark.parametrize("kind", ["runs", "results"])
@pytest.mark.parametrize("damage", ["truncated", "foreign", "empty"])
def test_a_damaged_file_is_named_and_costs_itself_alone(
    history: History, kind: str, damage: str
) -> None:
    """A file that was cut short or written by others is an error with its name; others read on."""
    spoiled = add(history, 0)
    kept = add(history, 1, results=cases({"y": passed(5.0)}))
    (file,) = (f for f in (history.folder / kind).rglob("*.parquet") if _first(f, history, spoiled))
    content = file.read_bytes()
    file.write_bytes(
        {"truncated": content[:-9], "foreign": b"PAR1, not ours", "empty": b""}[damage]
    )
    assert [file.name in text for text in history.damaged()] == [True]
    with pytest.raises(HistoryError, match=file.name):
        _read(history, spoiled)
    assert _read(history, kept)
    # What was lost is stored again where it comes again.
    history.add(night(2))
    assert _read(history, history.resolve("latest"))


def _read(history: History, name: str) -> list[Path]:
    return [history.results_file(entry) for entry in history.entries(name)]


def _first(file: Path, history: History, name: str) -> bool:
    entry = next(iter(history.entries(name)))
    return file.name.startswith(name) or file == history.folder / entry.results


def test_what_lies_beside_the_history_is_none_of_it(history: History) -> None:
    """A note or a repository around it is no damage; a stray file inside is."""
    add(history, 0)
    (history.folder / ".git").mkdir()
    for name in ("README.md", ".git/HEAD"):
        (history.folder / name).write_text("mine")
    assert history.damaged() == []
    (history.folder / "runs" / "2026" / "notes.txt").write_text("mine")
    assert ["notes.txt" in text for text in history.damaged()] == [True]


def test_a_missing_results_file_is_named(history: History) -> None:
    """A history that was copied in part says what it lacks."""
    name = add(history, 0)
    (entry, *_) = history.entries(name)
    (history.folder / entry.results).unlink()
    with pytest.raises(HistoryError, match=r"is missing, and a run of this history needs it"):
        history.results_file(entry)


def test_two_writers_at_once_lose_nothing(history: History) -> None:
    """Four processes that add different nights at the same time leave every night."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        names = pool.starmap(_add, [(str(history.folder), number) for number in range(12)])
    assert history.names() == sorted(names)
    assert history.damaged() == []


def _add(folder: str, number: int) -> str:
    return add(History(Path(folder)), number, results=cases({"y": passed(1.0 + number % 3)}))


def test_a_killed_writer_leaves_every_run_whole(history: History, tmp_path: Path) -> None:
    """A process that is killed while it adds leaves what was there, and nothing half-written."""
    kept = add(history, 0)
    script = (
        "import sys; from pathlib import Path\n"
        "from conformance.tests.nights.history.test_store import *\n"
        "history = History(Path(sys.argv[1]))\n"
        "for number in range(1, 10_000): _add(sys.argv[1], number % 900); print(flush=True)\n"
    )
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(history.folder)],
            stdout=subprocess.PIPE,
            cwd=tmp_path,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.05)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    assert kept in history.names()
    assert history.damaged() == []
    for entries in history.all_entries(history.names()).values():
        assert [history.results_file(entry) for entry in entries]


def test_every_status_and_hostile_text_are_kept(history: History) -> None:
    """What a framework may print, markup and lone surrogates, is stored and comes back as text."""
    wild = record([case({"y": failed(None, reason=NASTY)})], "wild/path")
    added = history.add([every_status(), wild])
    entry = next(e for e in history.entries(added.name) if e.adapter == "torch")
    assert len(entry.counts) == 11
    assert entry.red == 5


def test_a_run_of_nothing_is_refused(history: History) -> None:
    """Neither a record nor a missing column: nothing is written."""
    with pytest.raises(HistoryError, match="0 run records"):
        history.add([])
    assert not history.folder.exists()


def test_a_column_twice_is_refused(history: History) -> None:
    """Two versions of one path in one run would hide each other."""
    with pytest.raises(HistoryError, match=r"torch/functional is there twice.*2\.12.*2\.13"):
        history.add([*night(0, ["torch/functional"], version="2.12"), *night(0, version="2.13")])


@pytest.mark.parametrize(
    ("version", "device", "name"),
    [
        ("2.13.0", "cpu", "torch/functional"),
        ("2.13.0+cpu", "simulator", "torch/functional"),
        ("2.14.0rc1", "cuda: NVIDIA H200", "torch/functional (cuda)"),
        ("not installed", "cpu", "torch/functional"),
    ],
)
def test_a_column_keeps_its_name_through_versions(version: str, device: str, name: str) -> None:
    """Only what is another column has another name: a GPU, the newest and each older release."""
    (made,) = night(0, ["torch/functional"], version=version, device=device)
    assert column_name(made) == name
    (newest,) = night(0, ["torch/functional"], version=version, channel="newest")
    assert column_name(newest) == "torch/functional (newest)"
    (older,) = night(0, ["torch/functional"], version="2.6.0+cpu", channel="older")
    assert column_name(older) == "torch/functional (older 2.6.0)"
    assert family(column_name(older)) == "torch (older)"


def test_a_night_in_which_nothing_repeats_is_small(history: History) -> None:
    """Statuses and errors that are drawn by chance, which no real night is, take 2 bytes each."""
    records = many()
    outputs = sum(len(each.outputs) for made in records for each in made.cases)
    history.add(records)
    size = sum(file.stat().st_size for file in history.folder.rglob("*.parquet"))
    assert size < 2 * outputs


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    """The name of a file ends with the digest of its bytes."""
    file = files.write(tmp_path, "a-", b"abc")
    assert file.name == "a-ba7816bf8f01cfea.parquet"
    assert files.is_intact(file)
    assert files.write(tmp_path, "a-", b"abc") == file


def test_conventions_are_kept_and_older_runs_have_none(tmp_path: Path) -> None:
    """What was measured reads back; a file from before that is read, and tells of none."""
    found = {"eps": Convention(found="inside", seen="y divides"), "mask": Convention(found=None)}
    made = [replace(each, conventions=found) for each in night(0, ["torch/functional"])]
    history = History(tmp_path)
    run = history.add(made).name
    (entry,) = history.entries(run)
    assert entry.conventions == found
    old = {name: value for name, value in as_row(entry).items() if name != "conventions"}
    assert of_row(old, "x.parquet") == replace(entry, conventions={})
    assert of_row({**old, "conventions": None}, "x.parquet").conventions == {}
