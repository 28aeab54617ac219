"""The columns of the matrix: one for each folder of ``adapters``, and more where its files say so.

A folder with an ``adapter.py`` is a column at the versions that its ``requirements.txt`` pins; with
a ``newest.txt`` one more of what its framework published last; with a ``gpu.txt`` one more for a
machine with a GPU, which installs what that file names beside the pinned versions.  And each has
one more at the pinned versions that runs the calls of every size and nothing else.  Each file of a
folder ``older``, such as ``older/2.6.0.txt``, is one more of that release.  A folder with
a ``column.toml`` says in it what else tox is to know: ``apart = true`` leaves the column out of the
matrix that `tox run` makes (`tox run -m all` has it), and the table ``set_env`` holds variables of
its environment, such as the constraints that an old framework is to be built under.  A folder whose
name ends in ``_deployed`` is a column of deployed models, and of no other kind.  A column is an
environment of tox, whose name has dashes where the folder has underscores.  Whoever needs the list
has it from here: ``toxfile.py``, ``ci/nightly.py``, and the workflows by

    python ci/columns.py pinned newest      these kinds of columns, as one line of JSON

exit status: 0 listed, 2 could not
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

CHANNELS = ("pinned", "newest", "gpu", "large", "older", "deployed")
"""The kinds of columns that a folder can have."""

ALWAYS = ("pinned", "large")
"""Those that every folder has, but one of deployed models."""

_DEPLOYED = "deployed"

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RELEASE = re.compile(r"\d+(\.\d+){2,}")
"""A whole release: tox takes a part of a name such as 3.6 for a version of Python."""

_TOLD = "column.toml"
_OLDER = "older"
_INSTALLED = {
    "pinned": ("requirements.txt",),
    "newest": ("newest.txt",),
    "gpu": ("requirements.txt", "gpu.txt"),
    "large": ("requirements.txt",),
    "deployed": ("requirements.txt",),
}
"""Channels to the files that name what is installed; the last one makes the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        env: The environment of tox that runs it.
        adapter: The folder in ``adapters``.
        channel: One of `CHANNELS`.
        release: The release of its framework, if it is an older one; else empty.
        apart: Whether it is left out of the matrix of every day.
        set_env: Variables of its environment.
    """

    env: str
    adapter: str
    channel: str
    release: str = ""
    apart: bool
    set_env: Mapping[str, str]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The files of the folder that name what is installed, from the root of the checkout."""
        older = (f"{_OLDER}/{self.release}.txt",)
        names = older if self.release else _INSTALLED[self.channel]
        return tuple(f"adapters/{self.adapter}/{name}" for name in names)


class ColumnError(ValueError):
    """A folder cannot be a column; the message says why."""


def columns(root: Path = ROOT) -> tuple[Column, ...]:
    """Every column of a checkout, kind by kind as in `CHANNELS`, and by name.

    Raises:
        ColumnError: a folder has a name that is no environment, or is one of another kind.
    """
    taken = _sections(root)
    names = sorted(file.parent.name for file in (root / "adapters").glob("*/adapter.py"))
    for name in names:
        _require_name(name, taken)
    told = {name: _told(root / "adapters" / name / _TOLD) for name in names}
    return tuple(
        Column(
            env=_env(name, channel, release),
            adapter=name,
            channel=channel,
            release=release,
            **told[name],
        )
        for channel in CHANNELS
        for name in names
        for release in _releases(root / "adapters" / name, channel)
    )


def _releases(folder: Path, channel: str) -> tuple[str, ...]:
    """A column of a kind for each: the older releases, or one that is told nowhere, or none."""
    if folder.name.endswith(f"_{_DEPLOYED}") or channel == _DEPLOYED:
        return ("",) if folder.name.endswith(f"_{channel}") else ()
    if channel != _OLDER:
        there = channel in ALWAYS or (folder / _INSTALLED[channel][-1]).is_file()
        return ("",) if there else ()
    found = [file.stem for file in (folder / _OLDER).glob("*.txt")]
    for name in found:
        _require_release(folder / _OLDER / f"{name}.txt", name)
    return tuple(sorted(found, key=lambda name: tuple(map(int, name.split(".")))))


def _require_release(file: Path, name: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    pins = [line.strip() for line in lines if line.strip() and line[0] not in "#-"]
    first = pins[0] if pins else "nothing"
    if not _RELEASE.fullmatch(name) or first.partition("==")[2] != name:
        raise ColumnError(
            f"{file} cannot be a column: a release of three numbers or more was wanted as its name,"
            f" such as 2.6.0, and that its first requirement pins it; that is {first}. Rename the "
            "file, or mend the pin."
        )


def _told(file: Path) -> dict[str, Any]:
    """What a folder says of its column, if it says anything."""
    told = {"apart": False, "set_env": {}}
    if not file.is_file():
        return told
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ColumnError(f"{file} is no TOML: {error}. Mend it.") from None
    said = told | found
    flag, table = said["apart"], said["set_env"]
    good = isinstance(table, dict) and all(isinstance(text, str) for text in table.values())
    if said.keys() != told.keys() or not isinstance(flag, bool) or not good:
        raise ColumnError(
            f"{file} says {found!r}; apart = true or false and a table set_env of texts were "
            "wanted, and nothing else. Mend it."
        )
    return said


def _env(name: str, channel: str, release: str = "") -> str:
    env = name.replace("_", "-")
    told = channel if channel not in ("pinned", _DEPLOYED) else ""  # the folder's name says it
    return "-".join(filter(None, (env, told, release)))


def _sections(root: Path) -> frozenset[str]:
    """The environments that have a section of their own in tox.ini."""

    def found() -> Iterator[str]:
        for line in (root / "tox.ini").read_text(encoding="utf-8").splitlines():
            if header := re.fullmatch(r"\[testenv:(.+)\]", line.strip()):
                yield header[1]

    return frozenset(found())


def _require_name(name: str, taken: frozenset[str]) -> None:
    parts = name.removesuffix(f"_{_DEPLOYED}").split("_")
    if not _NAME.fullmatch(name) or set(parts) & set(CHANNELS):
        raise ColumnError(
            f"adapters/{name} cannot be a column: lower-case letters, digits and single underscores"
            f" were wanted, and none of {', '.join(CHANNELS)} as a part. Rename the folder."
        )
    if _env(name, "pinned") in taken:
        raise ColumnError(
            f"adapters/{name} cannot be a column: tox.ini has an environment of that name for "
            "something else. Rename the folder."
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the environments of the kinds that were asked for."""
    parser = argparse.ArgumentParser(
        prog="columns", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "channels", nargs="+", choices=CHANNELS, metavar="KIND", help=", ".join(CHANNELS)
    )
    args = parser.parse_args(argv)
    try:
        found = columns()
    except ColumnError as error:
        parser.error(str(error))
    print(json.dumps([column.env for column in found if column.channel in args.channels]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
