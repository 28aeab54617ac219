"""Streaming: the bytes are those of writing all at once, and memory holds one case."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Case, Inputs, Outputs
from conformance.cases import golden
from conformance.cases.golden import streaming, vouched
from conformance.errors import GoldenFileError
from conformance.tests.cases.golden import samples

MB = 1 << 20
ROOM = 256 * MB


def stream(cases: Sequence[Callable[[], Case]], folder: Path, explain: dict[str, str]) -> None:
    """Write cases, each made when the one before it is written."""
    folder.mkdir()
    with streaming.Writer(folder, explain, dict.fromkeys(explain, ROOM)) as writer:
        for make in cases:
            writer.add(make())
        writer.finish()


def large(number: int, size: int = MB) -> Case:
    """A case of which x and y have 12 bytes for each of `size` values."""
    x = np.arange(size, dtype=np.float32).reshape(-1, 1)
    return samples.case(f"a/{number:03}", Inputs(x=x), Outputs(y=x.astype(np.float64)))


def test_streamed_files_are_those_of_writing_all_at_once(fixtures: Path, tmp_path: Path) -> None:
    """Every file, the index and the manifest have the same bytes either way."""
    ordered = sorted(samples.everything(), key=lambda case: case.id)
    stream([partial(_same, case) for case in ordered], tmp_path / "new", samples.EXPLAIN)
    made = {file.name: file.read_bytes() for file in (tmp_path / "new").iterdir()}
    assert made == {file.name: file.read_bytes() for file in fixtures.iterdir()}


def makes(count: int) -> list[Callable[[], Case]]:
    """What makes so many large cases."""
    return [partial(large, number) for number in range(count)]


def _same(case: Case) -> Case:
    return case


def peak(count: int, folder: Path) -> int:
    """The most bytes of memory while `count` large cases are written."""
    tracemalloc.start()
    try:
        stream(makes(count), folder, {"a": "Large."})
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_cases(tmp_path: Path) -> None:
    """Twelve cases take no more memory than two, but for a few kB of what the index says."""
    few, many = peak(2, tmp_path / "few"), peak(12, tmp_path / "many")
    assert few > 12 * MB  # values are counted
    assert many - few < MB / 4


def test_what_is_written_is_read_from_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beyond what is held at once is read case by case, every bit, one case in memory."""
    monkeypatch.setattr(vouched, "LARGEST", MB)
    stream(makes(4), tmp_path / "new", {"a": "Large."})
    found = golden.load(golden.select(None, tmp_path / "new"), tmp_path / "new")
    tracemalloc.start()
    try:
        for number in range(4):
            assert next(found).inputs.x.tobytes() == large(number).inputs.x.tobytes()
        assert tracemalloc.get_traced_memory()[1] < 40 * MB  # the file has 48 MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("change", ["flip", "cut", "grow"])
def test_a_large_file_that_was_changed_is_refused(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is too large to be held is compared with its digest and its size all the same."""
    monkeypatch.setattr(vouched, "LARGEST", MB)
    stream([partial(large, 1)], tmp_path / "new", {"a": "Large."})
    file = tmp_path / "new" / "a.h5"
    image = bytearray(file.read_bytes())
    image[9 * MB] ^= 1
    changed = {"flip": image, "cut": image[:-1], "grow": image + b"\0"}[change]
    file.write_bytes(bytes(changed))
    with pytest.raises(GoldenFileError, match="the manifest wants"):
        next(golden.load(["a/001"], tmp_path / "new"))


def test_a_file_that_changes_while_it_is_read_gives_no_wrong_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written over after the digest was compared is refused by the digest of the case."""
    monkeypatch.setattr(vouched, "LARGEST", MB)
    stream(makes(2), tmp_path / "new", {"a": "Large."})
    found = golden.load(golden.select(None, tmp_path / "new"), tmp_path / "new")
    next(found)
    file = tmp_path / "new" / "a.h5"
    with file.open("r+b") as written:
        written.seek(file.stat().st_size - 4 * MB)
        written.write(b"\1" * MB)
    with pytest.raises(GoldenFileError, match="digest"):
        next(found)


def test_ids_out_of_order_are_refused(tmp_path: Path) -> None:
    """A case that should have been written earlier, or was, is refused by its id."""
    for second in ("a/002", "a/001"):
        folder = tmp_path / second.replace("/", "-")
        two = [partial(large, 2, 4), partial(large, int(second[-1]), 4)]
        with pytest.raises(GoldenFileError, match=f"'{second}' came after 'a/002'"):
            stream(two, folder, {"a": "Small."})
        assert not (folder / "MANIFEST.json").exists()


def test_nothing_is_no_folder_of_golden_files(tmp_path: Path) -> None:
    """Without a case there is no manifest."""
    with pytest.raises(GoldenFileError, match="no case was given"):
        stream([], tmp_path / "new", {})
    assert list((tmp_path / "new").iterdir()) == []
