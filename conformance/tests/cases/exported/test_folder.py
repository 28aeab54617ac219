"""The folder of an export appears whole or not at all, and only where another was or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.cases.exported import folder
from conformance.cases.exported.content import Files
from conformance.errors import ExportError, OutputError, Stopped

FILES = (("a/b.bin", (b"12", b"3")), ("c.json", (b"",)))


def held(place: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(file.relative_to(place)): file.read_bytes()
        for file in place.rglob("*")
        if file.is_file()
    }


def broken(error: BaseException) -> Files:
    """Files that end half way."""

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise error

    yield FILES[0]
    yield "half.bin", pieces()


def test_files_are_written_and_counted(tmp_path: Path) -> None:
    """Files and bytes are counted, folders on the way are made, and the format can be asked."""
    done = folder.write(tmp_path / "new/er", "raw", iter(FILES))
    assert (done.files, done.bytes) == (2, 3)
    mark = held(tmp_path / "new/er").pop(folder.MARK)
    assert held(tmp_path / "new/er") == {"a/b.bin": b"123", "c.json": b"", folder.MARK: mark}
    assert folder.form_of(tmp_path / "new/er") == "raw"
    assert [*tmp_path.iterdir()] == [tmp_path / "new"]
    assert [*(tmp_path / "new").iterdir()] == [tmp_path / "new/er"]


def test_an_export_is_replaced_whole(tmp_path: Path) -> None:
    """What an earlier export had is gone, also where a link leads to its folder."""
    folder.write(tmp_path / "out", "raw", iter(FILES))
    (tmp_path / "link").symlink_to("out")
    folder.write(tmp_path / "link", "npz", iter([("d", (b"4",))]))
    assert {*held(tmp_path / "out")} == {"d", folder.MARK}
    assert folder.form_of(tmp_path / "out") == "npz"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("error", [Stopped(2), OSError(28, "no space"), ExportError("no")])
def test_what_is_broken_off_leaves_nothing(error: BaseException, tmp_path: Path) -> None:
    """Ctrl-C, a full disk or an error half way leaves no file, and no folder made for it."""
    with pytest.raises(type(error)):
        folder.write(tmp_path / "new/er", "raw", broken(error))
    assert [*tmp_path.iterdir()] == []
    folder.write(tmp_path / "old", "raw", iter(FILES))
    before = held(tmp_path)
    with pytest.raises(type(error)):
        folder.write(tmp_path / "old", "raw", broken(error))
    assert held(tmp_path) == before


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    """What is no export stays as it is: a folder with one file, a file, a link to nothing."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("the only copy")
    (tmp_path / "file").write_text("a file")
    (tmp_path / "loose").symlink_to("nowhere")
    for name, error in (("mine", ExportError), ("file", OutputError), ("loose", OutputError)):
        before = held(tmp_path)
        with pytest.raises(error):
            folder.write(tmp_path / name, "raw", iter(FILES))
        assert held(tmp_path) == before


def test_a_file_system_is_not_replaced() -> None:
    """What cannot be put in place whole, as a container's volume, is refused before any work."""
    with pytest.raises(ExportError, match=r"is where a file system is mounted.* such as /cases"):
        folder.require(Path("/"))


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """A folder that is there and empty is written to."""
    (tmp_path / "out").mkdir()
    folder.write(tmp_path / "out", "raw", iter(FILES))
    assert len(held(tmp_path / "out")) == 3


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    """A file never takes the place of another of the same export."""
    with pytest.raises(FileExistsError):
        folder.write(tmp_path / "out", "raw", iter((*FILES, FILES[0])))
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("mark", [None, "", "[]", '{"format": '])
def test_a_folder_without_a_mark_has_no_format(mark: str | None, tmp_path: Path) -> None:
    """What is no export is refused by name where one is to be read."""
    if mark is not None:
        (tmp_path / folder.MARK).write_text(mark)
    with pytest.raises(ExportError, match="holds no export"):
        folder.form_of(tmp_path)
