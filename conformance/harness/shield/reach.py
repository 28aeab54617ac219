"""What a worker may reach: which files it may not read, and where it may write."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from conformance import places

OPEN_WINGS = frozenset({"harness", "tests", "adapters", "schemas", "__pycache__"})
"""Folders of the package that a worker may read; the others hold or compute answers."""

ANSWERING_TESTS = ("oracle", "cases", "faults", "power")
"""Tests that compute answers by themselves, or know them."""

_CACHES = {
    "XDG_CACHE_HOME": "~/.cache",
    "TRITON_CACHE_DIR": "~/.triton/cache",
    "CUDA_CACHE_PATH": "~/.nv/ComputeCache",
    "CUPY_CACHE_DIR": "~/.cupy/kernel_cache",
    "KERAS_HOME": "~/.keras",
    "MPLCONFIGDIR": "~/.config/matplotlib",
}
"""Where compilers and frameworks keep what is dear to make again, and what moves it."""

_NAMED_CACHES = (
    "NUMBA_CACHE_DIR",
    "TORCH_EXTENSIONS_DIR",
    "TORCH_HOME",
    "JAX_COMPILATION_CACHE_DIR",
    "CCACHE_DIR",
    "HF_HOME",
)
"""The same, for caches that lie in ``~/.cache`` or nowhere unless they are named."""

INDUCTOR = "TORCHINDUCTOR_CACHE_DIR"
_SHARED = "conformance-caches"

_NOT_FOR_KERNELS = ("pts", "ptmx", "console", "mem", "kmem", "port", "mqueue", "hugepages")
"""Devices that show or take what belongs to others: terminals, and memory itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a worker may reach, as absolute paths without links.

    Attributes:
        hidden: Folders of which it may read no file.
        writable: Folders in which it may write; nowhere else.
        devices: What it may use of ``/dev``.
    """

    hidden: tuple[Path, ...]
    writable: tuple[Path, ...]
    devices: tuple[Path, ...]


def reach(writable: Sequence[Path], hidden: Sequence[Path] = ()) -> Reach:
    """What a worker may reach.

    Args:
        writable: Folders in which it may write.
        hidden: Folders that hold answers beside those that travel with the package.
    """
    package = Path(places.__file__).resolve().parent
    closed = [package / wing for wing in closed_wings()]
    closed += [package / "tests" / name for name in ANSWERING_TESTS]
    closed += [places.folder("fixtures"), *hidden]
    return Reach(hidden=_there(closed), writable=_there(writable), devices=tuple(_devices()))


def closed_wings() -> list[str]:
    """Folders of the package that a worker may not read."""
    package = Path(places.__file__).resolve().parent
    return [f.name for f in package.iterdir() if f.is_dir() and f.name not in OPEN_WINGS]


def cache_places(environment: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """The variables that say where caches lie, for a worker; the folders are there afterwards.

    A cache stays where it is.  One that is not there yet would have to be made in a folder where a
    worker may not write: it begins in a folder of ours among the user's caches.

    Args:
        environment: That of the worker.
        temporary: Where caches lie that cannot be made elsewhere.
    """
    home = Path(environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111 - it never raises
    ours = home / _SHARED
    found = {name: environment[name] for name in _NAMED_CACHES if environment.get(name)}
    for name, usual in _CACHES.items():
        if environment.get(name):
            found[name] = environment[name]
        else:
            place = Path(os.path.expanduser(usual))  # noqa: PTH111 - it never raises
            found[name] = str(place if place.is_dir() else ours / name.lower())
    user = getattr(os, "getuid", int)()
    inductor = Path(tempfile.gettempdir(), f"torchinductor_{_user_name(environment, user)}")
    found[INDUCTOR] = environment.get(INDUCTOR) or str(
        inductor if inductor.is_dir() else ours / "torchinductor"
    )
    if not environment.get("XDG_CACHE_HOME"):
        found["XDG_CACHE_HOME"] = str(home)
    return {name: place if _made(Path(place)) else str(temporary) for name, place in found.items()}


def _user_name(environment: Mapping[str, str], user: int) -> str:
    known = (environment.get(name) for name in ("LOGNAME", "USER", "LNAME", "USERNAME"))
    return next((name for name in known if name), str(user))


def _made(place: Path) -> bool:
    with suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
    return place.is_dir() and os.access(place, os.W_OK)


def _there(folders: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(sorted({folder.resolve() for folder in folders if folder.is_dir()}))


def _devices() -> Iterator[Path]:
    with suppress(OSError), os.scandir("/dev") as entries:
        for entry in entries:
            name = entry.name
            if name in _NOT_FOR_KERNELS or name.startswith(("tty", "vcs")) or entry.is_symlink():
                continue
            with suppress(OSError):
                if not stat.S_ISBLK(entry.stat().st_mode):
                    yield Path(entry.path)
