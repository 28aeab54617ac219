"""Rules for files, signals and other processes that a process lays on itself, by Landlock.

Landlock knows what is allowed and nothing else: a folder is hidden by allowing all that lies beside
it, along the way down to it.  A process that is held so may not look into a process outside
(``ptrace``, ``/proc/PID/mem``, ``/proc/PID/root``), and signals reach none from `SIGNALS_SINCE` on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from conformance.harness.shield import linux
from conformance.harness.shield.reach import Reach

LEAST = 3
"""The first version of Landlock that keeps a file from being emptied (Linux 6.2)."""

SIGNALS_SINCE = 6
"""The first version that keeps signals in (Linux 6.12)."""

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_ALL = (1 << 15) - 1
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_MAKE_DEVICES = 1 << 6 | 1 << 11
_SCOPES = 0b11
"""Abstract sockets and signals."""


def restrict(reach: Reach) -> int:
    """Hold this process, and all that it starts, to what it may reach.

    Returns:
        The version of Landlock.

    Raises:
        OSError: there is none, or one before `LEAST`.
    """
    abi = linux.landlock_abi()
    if abi < LEAST:
        raise OSError(f"Landlock has version {abi}, {LEAST} is the first that keeps files whole")
    rules = linux.landlock_ruleset(_ALL, _SCOPES if abi >= SIGNALS_SINCE else 0)
    try:
        _allow(rules, "/", _READ_DIR)
        for path in readable(reach.hidden):
            _allow(rules, path, _EXECUTE | _READ_FILE)
        for folder in (*reach.devices, *reach.writable):
            _allow(rules, str(folder), _ALL & ~_MAKE_DEVICES)
        linux.landlock_enforce(rules)
    finally:
        os.close(rules)
    return abi


def readable(hidden: Iterable[Path]) -> Iterator[str]:
    """Everything but the hidden folders, as few paths as there are: each stands for all below."""
    below: dict[str, set[str]] = {}
    covered = {str(path) for path in hidden}
    for path in covered:
        while path != os.sep:
            path, name = os.path.split(path)  # noqa: PLW2901 - one step up
            below.setdefault(path, set()).add(name)
    if not below:
        yield os.sep
    for folder, names in below.items():
        if any(folder == one or folder.startswith(one + os.sep) for one in covered):
            continue  # a hidden folder in a hidden one
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                # Of devices only some are allowed, one by one.
                if entry.name not in names and entry.path != "/dev" and not entry.is_symlink():
                    yield entry.path


def _allow(rules: int, path: str, access: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # it is gone, or was never for us
        return
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            access &= _OF_FILES
        linux.landlock_allow(rules, opened, access)
    finally:
        os.close(opened)
