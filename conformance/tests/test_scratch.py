"""Tests of `conformance.scratch`: what a killed process leaves goes with the next start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import scratch

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks are those of POSIX")

HOLD = """
import sys, time
from pathlib import Path
from conformance import scratch
with scratch.file(Path(sys.argv[1])) as (handle, name), scratch.folder(Path(sys.argv[1])) as made:
    (made / "deep").mkdir()
    (made / "deep" / "file").write_text("x")
    print(name, made, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _another_start() -> None:
    """Let this process sweep every folder anew."""
    scratch._swept.clear()


def held(place: Path) -> tuple[subprocess.Popen[str], list[Path]]:
    """A process that holds a file and a folder in `place`, and these two."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, [Path(word) for word in process.stdout.readline().split()]


def test_what_the_living_hold_stays_and_what_the_dead_held_goes(tmp_path: Path) -> None:
    """A sweep beside a running process touches nothing of it; after SIGKILL it removes all."""
    process, made = held(tmp_path)
    assert len(made) == 2
    scratch.sweep(tmp_path)
    assert all(place.exists() for place in made)
    process.kill()
    process.communicate()
    assert all(place.exists() for place in made)
    scratch._swept.clear()
    scratch.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_swept_once_and_before_anything_is_made_in_it(tmp_path: Path) -> None:
    """Both kinds of temporary things clear the way, and leave nothing themselves."""
    stale = tmp_path / ".conformance-1-0123456789abcdef"
    for make in (scratch.file, scratch.folder):
        scratch._swept.clear()
        stale.touch()
        with make(tmp_path):
            assert not stale.exists()
        stale.touch()
        scratch.sweep(tmp_path)
        assert stale.exists()  # one process asks once
        stale.unlink()
        assert list(tmp_path.iterdir()) == []


def test_nothing_but_our_own_is_removed_and_no_link_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other names, links, pipes and sockets of our pattern stay; so does what a link leads to."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    place = tmp_path / "place"
    place.mkdir()
    named = "{}-0123456789abcdef"
    (place / f".conformance-1-{'0' * 15}").touch()
    (place / ".conformance-site").touch()
    (place / f"x{named.format('.conformance-2')}").touch()
    (place / named.format(".conformance-3")).symlink_to(kept)
    (place / named.format(".conformance-4")).symlink_to(kept / "file")
    os.mkfifo(place / named.format(".conformance-5"))
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(place)  # an address has at most 107 bytes
        server.bind(named.format(".conformance-6"))
        inside = place / named.format(".conformance-7")
        inside.mkdir()
        (inside / "link").symlink_to(kept)
        before = {entry.name for entry in place.iterdir()}
        scratch.sweep(place)
        assert {e.name for e in place.iterdir()} == before - {inside.name}
    assert (kept / "file").exists()


def test_a_temporary_folder_is_ours_alone(tmp_path: Path) -> None:
    """Nobody else may look into it, whatever the umask; it goes where temporary things go."""
    with scratch.folder(tmp_path) as made:
        assert made.stat().st_mode & 0o777 == 0o700
    with scratch.folder() as made:
        assert made.is_dir()
    assert not made.exists()


def test_a_folder_that_is_not_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    """Sweeping it does nothing, and makes nothing."""
    scratch.sweep(tmp_path / "none")
    assert not (tmp_path / "none").exists()
