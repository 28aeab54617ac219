"""Tests of `conformance.atomic`: what is written whole, and what is refused."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.atomic import exchange, require_writable, write_atomically
from conformance.cli import main
from conformance.errors import OutputError
from conformance.tests.checking.kernels import RIGHT


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


posix = pytest.mark.skipif(os.name != "posix", reason="devices, pipes and links are those of POSIX")


def _pipe(file: Path) -> None:
    os.mkfifo(file)


def _socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(file))


def _null(file: Path) -> None:
    file.symlink_to("/dev/null")


def _lost(file: Path) -> None:
    file.symlink_to("nowhere")


def _loop(file: Path) -> None:
    file.symlink_to(file.name)


@posix
@pytest.mark.parametrize("made", [_pipe, _socket, _null, _lost, _loop, Path.mkdir])
def test_what_is_no_regular_file_is_refused_and_stays(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    """A pipe, a socket, a device, a folder and a link that leads nowhere are left as they are."""
    file = tmp_path / "report"
    made(file)
    before = file.lstat()
    for refuse in (require_writable, lambda place: write_atomically(place, "text")):
        with pytest.raises(OutputError):
            refuse(file)
    after = file.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)
    assert list(tmp_path.iterdir()) == [file]


@posix
@pytest.mark.parametrize("name", ["/dev/null", "/dev/full", "/dev/stdout", "/dev/fd/1", "-"])
@pytest.mark.parametrize("option", ["--out", "--statement"])
def test_check_refuses_devices_and_standard_output_before_it_runs(
    tmp_path: Path, name: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 in one line that says what is accepted, and no case was run for it."""
    kernel = tmp_path / "kernel.py"
    kernel.write_text("raise SystemExit('it was loaded')\n")
    assert main(["check", str(kernel), option, name]) == 2
    said = capsys.readouterr().err
    assert "it was loaded" not in said
    assert said.count("\n") == 1
    assert "hat is printed can be sent anywhere" in said


@posix
def test_the_file_that_standard_output_goes_to_is_refused(tmp_path: Path) -> None:
    """What is printed there would be lost: the file of ``>`` is another one after the writing."""
    (tmp_path / "kernel.py").write_text(RIGHT)
    for place in ("report.json", "/dev/stdout"):
        line = f"{sys.executable} -m conformance check kernel.py --out {place} > report.json"
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "is where what is printed goes" in done.stderr


@posix
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    """Also by several steps and from another folder; temporary files are beside the target."""
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    (there / "file").write_text("old")
    (there / "step").symlink_to("file")
    (here / "link").symlink_to(there / "step")
    write_atomically(here / "link", "new")
    assert (here / "link").is_symlink()
    assert (there / "step").is_symlink()
    assert (there / "file").read_text() == "new"
    assert {e.name for e in there.iterdir()} == {"file", "step"}


@posix
def test_a_store_of_our_own_follows_no_link(tmp_path: Path) -> None:
    """Whoever made a history cannot have a file outside of it written: its link is replaced."""
    (tmp_path / "outside").write_text("old")
    file = tmp_path / "link"
    for target in ("outside", "nowhere"):
        file.unlink(missing_ok=True)
        file.symlink_to(target)
        write_atomically(file, "new", through_links=False)
        assert file.read_text() == "new"
        assert not file.is_symlink()
    assert (tmp_path / "outside").read_text() == "old"


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755])
def test_a_file_keeps_its_permissions(tmp_path: Path, mode: int) -> None:
    """What was kept from others, or given to all, is so afterwards."""
    file = tmp_path / "report"
    file.write_text("old")
    file.chmod(mode)
    write_atomically(file, "new")
    assert oct(file.stat().st_mode & 0o777) == oct(mode)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    """As a shell would; that its folder may be written changes nothing."""
    file = tmp_path / "report"
    file.write_text("old")
    file.chmod(0o400)
    with pytest.raises(OutputError, match="may not be written"):
        write_atomically(file, "new")
    assert file.read_text() == "old"


def test_two_folders_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each then holds what the other held, with the call of Linux and without it."""
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    exchange(one, two)
    assert [(f / "name").read_text() for f in (one, two)] == ["two", "one"]
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    exchange(one, two)
    assert [(f / "name").read_text() for f in (one, two)] == ["one", "two"]
    assert {e.name for e in tmp_path.iterdir()} == {"one", "two"}
