"""Making golden files: reproducible to the byte, one case in memory, all or none."""

from __future__ import annotations

import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance import places
from conformance.cases import golden
from conformance.cases.golden import bounds, content, hdf5, writing
from conformance.cases.own import answers, making, recipes, room, target
from conformance.cases.own.making import Generated
from conformance.errors import OutputError, RecipeError

RECIPE = {
    "name": "mine",
    "problem": [
        {"id": "a", "shape": [4, 3], "types": ["float32", "bfloat16+float32"], "mode": "both"},
        {"id": "b", "shape": [2, 5, 3], "axis": -1, "x": "offset:30", "dy": "noise", "seed": 9},
    ],
}
PINNED = "7721bc42a40cfba23bc9dcd07b2a5cef053e0e4fd8c2bf0665c8fbf8aca5dcfb"
"""The digest of the cases of `RECIPE`: the same on every machine."""


def make(
    folder: Path, recipe: dict[str, Any] = RECIPE, tell: bounds.Told = lambda *_: None
) -> Generated:
    """Write the golden files of a recipe."""
    return making.make(recipes.drafts(recipe), folder, about="Mine.", tell=tell)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_made_is_read_by_every_reader(tmp_path: Path) -> None:
    """By the index and through HDF5 the same cases come back, and they are those that were told."""
    done = make(tmp_path / "new")
    names = golden.select(None, done.folder)
    assert names == [*done.cases] == sorted(done.cases)
    assert len(names) == 5
    for one, other in zip(
        golden.load(names, done.folder), hdf5.load(names, done.folder), strict=True
    ):
        assert content.digest(one) == content.digest(other)
    manifest = golden.manifest(done.folder)
    assert (manifest.digest, [*manifest.files]) == (done.digest, ["mine.h5"])
    assert manifest.files["mine.h5"].about == "Mine."


def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two runs in two places have every byte alike, and the digest is the pinned one."""
    one, other = make(tmp_path / "one"), make(tmp_path / "deep" / "other")
    assert contents(one.folder) == contents(other.folder)
    assert one.digest == PINNED


def test_the_order_of_problems_does_not_matter(tmp_path: Path) -> None:
    """The same problems in another order have the same bytes."""
    turned = {**RECIPE, "problem": RECIPE["problem"][::-1]}
    assert contents(make(tmp_path / "one").folder) == contents(
        make(tmp_path / "other", turned).folder
    )


def test_the_bytes_are_those_of_writing_all_at_once(tmp_path: Path) -> None:
    """The files are what the writer of the catalogue would write of the same cases."""
    cases = [answers.answered(draft.make())[0] for draft in recipes.drafts(RECIPE)]
    writing.write(cases, tmp_path / "all", explain={"mine": "Mine."})
    bounds.write(tmp_path / "all")
    made = contents(make(tmp_path / "new").folder)
    assert "`mine.h5`" in made.pop("README.md").decode()
    assert made == contents(tmp_path / "all")


def test_the_readme_describes_the_format(tmp_path: Path) -> None:
    """The README has the sections of the format's own that a stranger needs, and how to verify."""
    text = (make(tmp_path / "new").folder / "README.md").read_text(encoding="utf-8")
    whole = (places.folder("fixtures") / "README.md").read_text(encoding="utf-8")
    for title in ("## One file\n", "## One case\n", "## The digest of a case\n"):
        begin = whole.index(title)
        assert whole[begin : whole.index("\n## ", begin)] in text
    assert "conformance generate --verify --out FOLDER" in text
    assert "5 problems" in text


def test_progress_is_told_before_each_case(tmp_path: Path) -> None:
    """How many are done, of how many, and which is next."""
    told: list[tuple[int, int, str]] = []
    done = make(tmp_path / "new", tell=lambda *said: told.append(said))
    assert told == [(n, 5, name) for n, name in enumerate(done.cases)]


def peak(count: int, folder: Path) -> int:
    """The most bytes of memory while `count` cases of 100 000 values are made."""
    recipe = {"problem": [{"id": "a", "shape": [25_000, 4], "seed": 0, "count": count}]}
    tracemalloc.start()
    try:
        make(folder, recipe)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_cases(tmp_path: Path) -> None:
    """Eight cases take no more memory than two: one is let go before the next is drawn."""
    peak(1, tmp_path / "first")  # what is loaded and kept once
    few, many = peak(2, tmp_path / "few"), peak(8, tmp_path / "many")
    assert few > 100_000 * 40
    assert many - few < 100_000  # less than a byte for each value of a case
    assert many < 100_000 * room.BYTES + 25_000 * room.CHANNEL_BYTES


def test_a_case_without_an_answer_leaves_the_old_files(tmp_path: Path) -> None:
    """Where the last case is refused nothing is written, and nothing is left beside."""
    before = contents(make(tmp_path / "own").folder)
    bad = {"name": "mine", "problem": [*RECIPE["problem"], {"id": "z", "shape": [1, 3]}]}
    with pytest.raises(RecipeError, match=r"mine/z: .*1 value for each"):
        make(tmp_path / "own", bad)
    assert contents(tmp_path / "own") == before
    with pytest.raises(RecipeError, match="mine/z"):
        make(tmp_path / "new" / "deep", bad)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
def test_whatever_stops_it_leaves_nothing(kind: type[BaseException], tmp_path: Path) -> None:
    """An exception in the middle, Ctrl-C included, leaves neither files nor a scratch folder."""

    def stop(done: int, _: int, __: str) -> None:
        if done == 3:
            raise kind

    with pytest.raises(kind):
        make(tmp_path / "new", tell=stop)
    assert list(tmp_path.iterdir()) == []


def test_old_files_are_replaced_whole(tmp_path: Path) -> None:
    """Files of groups that are gone go, and those of the new ones come."""
    make(tmp_path / "own", {"name": "old", "problem": [{"shape": [2, 2]}]})
    make(tmp_path / "own")
    names = {path.name for path in (tmp_path / "own").iterdir()}
    assert names == {"mine.h5", "INDEX.json", "MANIFEST.json", "README.md", "bounds"}
    assert {path.name for path in (tmp_path / "own/bounds").iterdir()} == {
        "mine.h5",
        "MANIFEST.json",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    """What a link leads to is replaced, and not the link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "mine.h5").is_file()


def _file(place: Path) -> None:
    place.write_text("no folder")


def _stray(place: Path) -> None:
    make(place)
    (place / "notes.txt").write_text("mine")


def _others(place: Path) -> None:
    place.mkdir()
    (place / "data.h5").write_text("no golden file")


def _damaged(place: Path) -> None:
    make(place)
    (place / "MANIFEST.json").write_text("{")


def _unlisted(place: Path) -> None:
    make(place)
    (place / "other.h5").write_text("of no manifest")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (_file, "is no folder, one was wanted"),
        (_stray, "holds notes.txt, an empty folder"),
        (_others, "holds data.h5, an empty folder"),
        (_damaged, "MANIFEST.json is no readable JSON.*give another folder"),
        (_unlisted, "holds other.h5, an empty folder"),
    ],
)
def test_a_folder_of_other_things_is_refused(
    prepare: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    """What is no golden file would be lost, so the folder is refused and stays as it is."""
    place = tmp_path / "taken"
    prepare(place)
    before = place.read_text() if place.is_file() else contents(place)
    with pytest.raises(OutputError, match=message):
        make(place)
    assert before == (place.read_text() if place.is_file() else contents(place))


@pytest.mark.parametrize("below", ["", "deeper"])
def test_the_catalogue_is_not_written_over(
    below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's own golden files are refused, by any name, and so is a folder within."""
    shutil.copytree(make(tmp_path / "made").folder, tmp_path / "fixtures")
    monkeypatch.setattr("conformance.places.folder", lambda kind: tmp_path / kind)
    (tmp_path / "link").symlink_to("fixtures")
    before = contents(tmp_path / "fixtures")
    for name in ("fixtures", "link"):
        with pytest.raises(OutputError, match="is where the catalogue of this package lies"):
            target.require(tmp_path / name / below)
    assert contents(tmp_path / "fixtures") == before


def test_no_problem_is_refused(tmp_path: Path) -> None:
    """Nothing to write is no folder of golden files."""
    with pytest.raises(RecipeError, match="there is no problem"):
        making.make([], tmp_path / "new", about="None.", tell=lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_fit_the_disk_is_refused_with_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than is free on the disk is refused before a number is drawn."""
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=50 << 10))
    with pytest.raises(RecipeError, match=r"5 cases take about 16\d KiB, and 50 KiB are free"):
        make(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_what_is_counted_is_enough_for_what_is_written(tmp_path: Path) -> None:
    """The room that is asked for is more than the files take, and less than thrice."""
    drafts = recipes.drafts(RECIPE)
    asked = sum(map(room.on_disk, drafts))
    taken = sum(map(len, contents(make(tmp_path / "new").folder).values()))
    assert taken <= asked <= 3 * taken


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([400_000, 1000], r"400,000,000 values, at most 134,217,728 were wanted.*1\.0 GiB"),
        ([10_000_000, 1], r"10,000,000 values take about 6\.3 GiB of memory.*2\.0 GiB are free"),
        ([100_000, 1000], r"100,000,000 values take about 14\.9 GiB of memory.*2\.0 GiB are free"),
    ],
)
def test_what_does_not_fit_the_memory_is_refused_with_its_numbers(
    shape: list[int], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that is too large for a golden file or for this machine is refused before any work."""
    monkeypatch.setattr(room, "memory", lambda: 2 << 30)
    with pytest.raises(RecipeError, match=message):
        make(tmp_path / "new", {"problem": [{"shape": shape}]})
