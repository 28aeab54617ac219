"""Hostile run records at every door: each costs itself alone, and none is believed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import conformance
from conformance.cli import main
from conformance.commands.exits import CONFORMS, COULD_NOT_RUN, DOES_NOT
from conformance.errors import RecordError
from conformance.nights.history import History
from conformance.tests.hostile_records import (
    FILE_NAMES,
    KINDS,
    PLACES,
    good,
    mutated,
    of_the_catalogue,
    payload,
)
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import read, write

SCHEMA = json.loads(
    (Path(conformance.__file__).parent / "schemas" / "run-record.json").read_text(encoding="utf-8")
)
DOCUMENTS = 500
"""How many mutated records come to each door."""

TOGETHER = 50
"""How many of them lie in one folder, beside a good one."""


@pytest.fixture(scope="module")
def corpus() -> Sequence[bytes]:
    """Mutated records of a catalogue that is nobody's."""
    return drawn(good("mutant"))


def drawn(record: RunRecord) -> Sequence[bytes]:
    """Mutated records, the same in every run, each of a path of its own unless that was mutated."""
    found: list[bytes] = []

    @settings(
        max_examples=DOCUMENTS + 100,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(mutated(SCHEMA, payload(record)))
    def draw(told: dict[str, Any]) -> None:
        if told.get("path") == "mutant":
            told["path"] = f"mutant_{len(found)}"
        found.append(json.dumps(told).encode())

    draw()
    assert len(set(found)) >= DOCUMENTS
    return found[:DOCUMENTS]


def folders(corpus: Sequence[bytes], place: Path) -> Iterator[tuple[Path, int]]:
    """Folders of mutants, each with a good record among them, and how many files each has."""
    for begin in range(0, len(corpus), TOGETHER):
        batch, folder = corpus[begin : begin + TOGETHER], place / str(begin)
        write(good(), folder / "torch" / "good.json")
        for index, content in enumerate(batch):
            (folder / "torch" / f"m{index}.json").write_bytes(content)
        yield folder, len(batch) + 1


def hand_made(folder: Path) -> Path:
    """A folder that holds one record of every kind, every place and name, and a good one."""
    write(good(), folder / "torch" / "good.json")
    for number, (name, kind) in enumerate(KINDS.items()):
        made = kind(payload(good(f"kind_{number}")))
        content = made if isinstance(made, bytes) else json.dumps(made).encode()
        (folder / f"{number}-{name.split()[0]}.json").write_bytes(content)
    for number, make in enumerate(PLACES.values()):
        make(folder / f"place-{number}.json")
    for name in FILE_NAMES:
        (folder / name).write_bytes(b"{}")
    return folder


def tree(folder: Path) -> set[Path]:
    """Everything below a folder."""
    return set(folder.rglob("*"))


def call(*words: str | Path) -> int:
    """Run a command as the command line does."""
    return main([str(word) for word in words])


@pytest.mark.parametrize("name", KINDS)
def test_a_record_of_every_kind_is_refused(tmp_path: Path, name: str) -> None:
    """What was found, what was wanted and what to do stand in one printable line."""
    made = KINDS[name](payload(good()))
    file = tmp_path / "record.json"
    file.write_bytes(made if isinstance(made, bytes) else json.dumps(made).encode())
    with pytest.raises(
        RecordError, match=r"record\.json is no usable run record: .* again"
    ) as told:
        read(file)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 1500


def test_the_good_record_is_good(tmp_path: Path) -> None:
    """What the kinds are made of is refused by none of the rules."""
    write(good(), tmp_path / "record.json")
    assert repr(read(tmp_path / "record.json")) == repr(good())
    assert len(KINDS) + len(PLACES) + len(FILE_NAMES) >= 100


def matrix_of(out: Path) -> Mapping[str, Any]:
    """The columns of a matrix that was written, by name."""
    told = json.loads((out / "matrix.json").read_text(encoding="utf-8"))
    return {column["name"]: column for column in told["columns"]}


def require_clean(capsys: pytest.CaptureFixture[str]) -> str:
    """What was said, without a traceback and without a character that drives a terminal."""
    said = capsys.readouterr()
    text = said.out + said.err
    assert "Traceback" not in text
    assert all(line.isprintable() for line in text.replace("\u3000", " ").splitlines())
    assert not [line for line in text.splitlines() if line.startswith("CONFORMS")]
    return text


def test_the_matrix_shows_every_kind_as_a_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All kinds together leave the good record its column, and are columns that did not report."""
    folder, out = hand_made(tmp_path / "records"), tmp_path / "out"
    assert call("matrix", folder, "--out", out) == DOES_NOT
    require_clean(capsys)
    columns = matrix_of(out)
    assert columns["torch/good"]["compared"] == 6
    aside = [column for column in columns.values() if not column["reported"]]
    assert len(aside) == len(KINDS) + len(PLACES) + len(FILE_NAMES)
    assert all("wanted" in column["why"] or "must" in column["why"] for column in aside[:5])
    assert {file.name for file in out.iterdir()} == {
        "index.html", "junit.xml", "matrix.json", "matrix.md",
    }  # fmt: skip


def test_mutants_cost_the_matrix_nothing(
    corpus: Sequence[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file of a folder is a column, the good one as it is; nothing else is written."""
    for folder, files in folders(corpus, tmp_path):
        before = tree(tmp_path)
        assert call("matrix", folder, "--out", folder / "out") in (CONFORMS, DOES_NOT)
        require_clean(capsys)
        told = json.loads((folder / "out" / "matrix.json").read_text(encoding="utf-8"))
        assert len(told["columns"]) == files
        (mine,) = (column for column in told["columns"] if column["name"] == "torch/good")
        assert (mine["reported"], mine["compared"]) == (True, 6)
        assert {f.parent for f in tree(tmp_path) - before} <= {folder, folder / "out"}


def test_mutants_cost_a_night_nothing(
    corpus: Sequence[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is of use is added, what is not is missing, and no file leaves the history."""
    home = tmp_path / "home"
    history = History(home / "history")
    for folder, _ in folders(corpus, tmp_path / "records"):
        before = tree(tmp_path)
        status = call("history", "add", folder, "--history", history.folder)
        assert status in (CONFORMS, DOES_NOT)
        require_clean(capsys)
        for entry in tree(tmp_path) - before - {home, history.folder}:
            assert entry.is_relative_to(history.folder)
            assert entry.is_dir() or entry.suffix == ".parquet"
    nights = [history.entries(name) for name in history.names()]
    for entries in nights:
        (mine,) = (entry for entry in entries if entry.column == "torch/good")
        assert (mine.missing, mine.compared) == ("", 6)
    assert sum(map(len, nights)) > 0
    assert call("history", "list", "--history", history.folder) == CONFORMS
    require_clean(capsys)


def test_every_kind_costs_a_night_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The night of all kinds has the good column, and each other is missing with the reason."""
    folder = hand_made(tmp_path / "records")
    history = History(tmp_path / "history")
    assert call("history", "add", folder, "--history", history.folder) == DOES_NOT
    require_clean(capsys)
    entries = {entry.column: entry for entry in history.entries(history.resolve("latest"))}
    assert not entries.pop("torch/good").missing
    assert len(entries) == len(KINDS) + len(PLACES) + len(FILE_NAMES)
    assert all(entry.missing for entry in entries.values())


def test_mutants_cost_a_difference_nothing(
    corpus: Sequence[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The good column is compared, whatever lies beside it on either side."""
    write(good(), tmp_path / "old" / "torch" / "good.json")
    for folder, _ in folders(corpus, tmp_path / "records"):
        words: tuple[str | Path, ...] = ("--history", tmp_path / "none", "--format", "json")
        assert call("diff", tmp_path / "old", folder, *words) in (CONFORMS, DOES_NOT)
        told = json.loads(capsys.readouterr().out)
        assert told["compared"] >= 6
        assert "torch/good" not in {change["column"] for change in told["changes"]}
        assert call("diff", folder, tmp_path / "old", *words) in (CONFORMS, DOES_NOT)
        assert json.loads(capsys.readouterr().out)["compared"] >= 6


def test_mutants_cost_known_failures_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list of known failures is held against what is of use, or says why nothing can be told."""
    known = tmp_path / "expectations.toml"
    known.write_text("", encoding="utf-8")
    folder = tmp_path / "records" / "textbook"
    write(of_the_catalogue(), folder / "good.json")
    words = ("expectations", "textbook", "--records", folder.parent, "--file", known)
    seen: Counter[int] = Counter()
    for content in drawn(of_the_catalogue("mutant")):
        (folder / "mutant.json").write_bytes(content)
        status = call(*words)
        said = require_clean(capsys)
        assert status != COULD_NOT_RUN or "one version was wanted" in said
        assert status != DOES_NOT or "not used: " in said or "failed and not expected" in said
        seen[status] += 1
    assert seen[DOES_NOT] > DOCUMENTS / 2
    assert set(seen) <= {CONFORMS, DOES_NOT, COULD_NOT_RUN}


def test_mutants_cost_the_site_nothing(corpus: Sequence[bytes], tmp_path: Path) -> None:
    """Whatever a night takes has pages of its own, all of them inside the site."""
    history, records = tmp_path / "history", tmp_path / "records"
    hand_made(records)
    for index, content in enumerate(corpus):
        (records / "torch" / f"m{index}.json").write_bytes(content)
    assert call("history", "add", records, "--history", history) == DOES_NOT
    before = tree(tmp_path)
    assert call("site", "--history", history, "--out", tmp_path / "site") in (CONFORMS, DOES_NOT)
    made = tree(tmp_path) - before - {tmp_path / "site"}
    assert all(file.is_relative_to(tmp_path / "site") for file in made)
    (name,) = History(history).names()
    columns = {entry.column for entry in History(history).entries(name) if not entry.missing}
    pages = {file.name for file in (tmp_path / "site" / "paths").iterdir()}
    assert len(pages) >= len(columns)
