"""The folders for temporary files of workers, and what killed runs left of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress

_PREFIX = "conformance-worker-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-\w+")


def new_folder() -> str:
    """A new folder of this process's, after those of processes that are gone were removed."""
    place = tempfile.gettempdir()
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            named = _NAME.fullmatch(entry.name)
            if named and entry.is_dir(follow_symlinks=False) and not _lives(int(named[1])):
                remove(entry.path)
    return tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, whatever a kernel did to it."""
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    # Folders without rights, or deeper than Python counts and than a path can say.
    for command in (("chmod", "-R", "u+rwX", folder), ("rm", "-rf", folder)):
        with suppress(OSError):
            subprocess.run(command, stderr=subprocess.DEVNULL, check=False)  # noqa: S603 - our own folder


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
