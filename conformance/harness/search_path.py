"""Where modules are looked for: the standard library first, then what lies beside a kernel.

Python puts the current folder (``-m``) or the script's before its own library, so that a
``random.py`` beside a kernel takes the place of the standard module for every framework that wants
that one.  Here a neighbour stands behind the standard library and before what is installed: a
kernel finds its helpers, and nobody loses a standard module to one.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = frozenset({"site-packages", "dist-packages"})


def module(name: str, *words: str) -> list[str]:
    """The command that runs a module of this package without the current folder in its path."""
    return [sys.executable, "-P", "-m", name, *words]


def for_worker(places: Iterable[str]) -> list[str]:
    """The same places as a worker starts with: the library, what is installed, then the others.

    An empty one, which means the current folder of whoever reads it, is left out.
    """
    return _neighbours_last(dict.fromkeys(filter(None, places)))


def add_beside(folder: str) -> None:
    """Make what lies in a folder importable, behind the standard library alone.

    The worker has loaded what it needs itself, so from here on the order is the kernel's.
    """
    found = dict.fromkeys([folder, *sys.path])
    sys.path[:] = sorted(found, key=lambda p: (not _is_standard(p), _is_installed(p)))


@contextmanager
def neighbours_last() -> Iterator[None]:
    """Look into the library and what is installed before anything else, while modules load late.

    A script may have put its folder before them since this package was imported, and in it lies a
    ``queue.py`` or a ``numpy.py``.
    """
    before = list(sys.path)
    sys.path[:] = _neighbours_last(before)
    try:
        yield
    finally:
        sys.path[:] = before


def _neighbours_last(places: Iterable[str]) -> list[str]:
    return sorted(places, key=lambda place: (not _is_standard(place), not _is_installed(place)))


def own(places: Iterable[str]) -> list[str]:
    """Of some places those that are neither the standard library's nor for what is installed."""
    return [p for p in places if p and not _is_standard(p) and not _is_installed(p)]


def own_home() -> list[str]:
    """Where this package lies, if that is the current folder, which a worker does not look in.

    So it is in a checkout that is not installed.
    """
    home = Path(__file__).resolve().parents[2]
    return [str(home)] if home == Path.cwd() else []


def is_standard(name: str) -> bool:
    """Whether a name is that of a module of the standard library."""
    return name in sys.stdlib_module_names


def hidden(folder: Path) -> list[str]:
    """What lies in a folder and is not imported: it has the name of a standard module."""
    found = {place.name.removesuffix(".py") for place in folder.glob("*.py")}
    return sorted(filter(is_standard, found))


def _is_standard(place: str) -> bool:
    """Whether a place is the standard library's, its archive and its compiled modules included."""
    paths = sysconfig.get_paths()
    path = Path(place)
    if _is_installed(place):
        return False
    archive = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    homes = {Path(paths["stdlib"]), Path(paths["platstdlib"])}
    return path.name == archive or any(home == path or home in path.parents for home in homes)


def _is_installed(place: str) -> bool:
    return not _INSTALLED.isdisjoint(Path(place).parts)
