"""What a re-run is asked for, before any of it reaches a path, pip or git.

A record comes from another machine, and its words name an adapter, a path, cases, versions and a
commit.  Each is held against what this repository knows: the folders of its adapters, the
distributions that their requirements name, the commits that it has.  What is not of its form is
refused and named; of the rest what reaches a command is what was made of it here, not the text.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conformance.documents import read_text
from conformance.errors import AdapterError
from conformance.nights.diff.attribution import Pair
from conformance.printable import value

BASE = ("numpy", "h5py", "ml_dtypes", "rich", "packaging", "cloudpickle", "fastjsonschema")
"""What the package itself needs beside a framework."""

_FILES = ("requirements.txt", "newest.txt", "gpu.txt")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII)
_CASE = re.compile(r"[a-z0-9][a-z0-9-]{0,99}/[A-Za-z0-9][A-Za-z0-9._+-]{0,199}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_LONGEST_VERSION = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A re-run, in our own words.

    Attributes:
        adapter: The name of a folder of adapters of the repository.
        path: The name of a path.
        cases: Ids of cases.
        pins: What pip is to install, such as ``"torch==2.13.0"``.
        versions: The same, name to version.
        commit: The whole name of a commit of the repository; empty for the tree as it lies.
    """

    adapter: str
    path: str
    cases: tuple[str, ...]
    pins: tuple[str, ...]
    versions: Mapping[str, str]
    commit: str


def request(pair: Pair, adapter: str, path: str, cases: Sequence[str], repository: Path) -> Request:
    """The re-run that a record's words ask for.

    Args:
        pair: The suite and the framework.
        adapter: The adapter.
        path: Its path.
        cases: Cases of the catalogue.
        repository: The suite's git repository.

    Raises:
        AdapterError: one of the words is of no such thing; the message shows it.
    """
    folder = _folder(adapter, repository)
    _require_form("a path of an adapter", [path], _PATH, "letters, digits, _ and - were wanted")
    _require_form("a case", cases, _CASE, "a group and a name, such as dense/train, were wanted")
    pins = _pins(pair.packages, folder)
    return Request(
        adapter=folder.name,
        path=path,
        cases=tuple(cases),
        # A local version (+cpu) says which build was there, and no index lists it.
        pins=tuple(f"{name}=={version.partition('+')[0]}" for name, version in pins.items()),
        versions=pins,
        commit=_commit(pair.commit, repository) if pair.commit else "",
    )


def options(folder: Path) -> list[str]:
    """The options of pip with which an adapter's newest versions are found, as its file has them.

    Args:
        folder: The folder of the adapter, in the repository.
    """
    lines = _lines(folder / "newest.txt")
    return [word for line in lines if line.startswith("--") for word in line.split()]


def _refused(what: str, found: object, wanted: str) -> AdapterError:
    return AdapterError(
        f"the record names {what} {value(found)}; {wanted}. It was not run again: look at the "
        "record, and at who wrote it."
    )


def _require_form(what: str, found: Iterable[str], form: re.Pattern[str], wanted: str) -> None:
    for each in found:
        if not form.fullmatch(each):
            raise _refused(what, each, wanted)


def adapters(repository: Path) -> dict[str, Path]:
    """The folders of adapters that a repository has, by their names."""
    return {f.parent.name: f.parent for f in (repository / "adapters").glob("*/adapter.py")}


def _folder(adapter: str, repository: Path) -> Path:
    """The folder of an adapter: one of those that the repository has, never a path made of a text.

    Raises:
        AdapterError: the repository has none of that name.
    """
    known = adapters(repository)
    if adapter not in known:
        raise _refused(
            "an adapter", adapter, f"one of {', '.join(sorted(known)) or 'none here'} was wanted"
        )
    return known[adapter]


def _pins(packages: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Names and versions as packaging writes them.

    Raises:
        AdapterError: a name is none that the adapter requires, or a version is none.
    """
    allowed = _required(folder)
    pins = {}
    for name, said in packages.items():
        known = canonicalize_name(name) if name.isascii() else ""
        if known not in allowed:
            wanted = f"one of {', '.join(sorted(allowed))} was wanted, as {folder.name} requires"
            raise _refused("a distribution", name, wanted)
        pins[known] = _version(known, said)
    return pins


def version(said: str) -> Version:
    """A version as Python's packaging has it (PEP 440).

    Raises:
        InvalidVersion: it is none.
    """
    # The pattern of packaging ignores case, and the long s of Unicode is an s to that.
    if not said.isascii() or len(said) > _LONGEST_VERSION or said != said.strip():
        raise InvalidVersion(said)
    return Version(said)


def _version(name: str, said: str) -> str:
    wanted = "a version of Python's packaging (PEP 440) was wanted"
    try:
        return str(version(said))
    except InvalidVersion as error:
        raise _refused(f"of {name} the version", said, wanted) from error


def required(folder: Path) -> tuple[str, ...]:
    """The distributions that an adapter's ``requirements.txt`` names, in its order.

    Args:
        folder: The folder of the adapter, in the repository.
    """
    found = []
    for line in _lines(folder / "requirements.txt"):
        with suppress(InvalidRequirement):  # an option
            found.append(canonicalize_name(Requirement(line).name))
    return tuple(found)


def _required(folder: Path) -> frozenset[str]:
    """The distributions that an adapter's files name, and those of the package itself."""
    found = set(BASE)
    for line in (line for name in _FILES for line in _lines(folder / name)):
        try:
            found.add(Requirement(line).name)
        except InvalidRequirement:  # an option, such as --pre
            continue
    return frozenset(map(canonicalize_name, found))


def _lines(file: Path) -> list[str]:
    """The lines of a file of requirements, without comments."""
    if not file.is_file():
        return []
    try:
        lines = read_text(file).splitlines()
    except ValueError as error:
        raise AdapterError(f"{file} cannot be read: {error}. Restore it.") from error
    return [bare for line in lines if (bare := line.partition(" #")[0].strip()) and bare[0] != "#"]


def _commit(said: str, repository: Path) -> str:
    """The whole name of a commit that the repository has.

    Raises:
        AdapterError: it is none.
    """
    if not _COMMIT.fullmatch(said):
        raise _refused("the commit", said, "7 to 64 hexadecimal digits were wanted")
    git = shutil.which("git")
    if git is None:
        raise AdapterError("git is not installed; it was wanted for a commit. Install it.")
    asked = [git, "-C", str(repository), "rev-parse", "--verify", "--quiet", "--end-of-options"]
    done = subprocess.run(  # noqa: S603 - hexadecimal digits, after the end of options
        [*asked, f"{said}^{{commit}}"], capture_output=True, text=True, check=False
    )
    found = done.stdout.strip()
    # A branch may be called like a commit, and git would take the branch.
    if done.returncode != 0 or not _COMMIT.fullmatch(found) or not found.startswith(said):
        raise _refused("the commit", said, f"one that {repository} has was wanted")
    return found
