"""Tests of writing report files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from conformance.atomic import write_atomically


def test_the_folder_is_made_and_the_old_file_replaced(tmp_path: Path) -> None:
    """The second content stands alone, as UTF-8, with no temporary file beside it."""
    file = tmp_path / "new" / "matrix.md"
    write_atomically(file, "old and longer")
    write_atomically(file, "✓\n")
    assert file.read_bytes() == "✓\n".encode()
    assert list(file.parent.iterdir()) == [file]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Text that has no UTF-8 form destroys nothing."""
    file = tmp_path / "matrix.md"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "\ud800")
    assert file.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_the_file_can_be_published(tmp_path: Path) -> None:
    """It has the permissions of an ordinary file, not those of a temporary one."""
    (tmp_path / "ordinary").touch()
    write_atomically(tmp_path / "report", "text")
    wanted = (tmp_path / "ordinary").stat().st_mode
    assert oct((tmp_path / "report").stat().st_mode) == oct(wanted)
    assert os.access(tmp_path / "report", os.R_OK)
