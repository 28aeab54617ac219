"""Which releases of a distribution pip can install here, within a range."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import InvalidVersion, Version

from conformance.errors import AdapterError, InputError
from conformance.nights.diff.request import version
from conformance.printable import cut, value

_LISTED = re.compile(r"^Available versions: (.+)$", re.MULTILINE)
_SECONDS = 120.0


def within(text: str) -> tuple[Version | None, Version | None]:
    """The ends of a range as the command line has it: ``2.4..2.13``, ``2.4..``, ``..2.13``.

    Raises:
        InputError: it is none.
    """
    first, dots, last = text.partition("..")
    try:
        low, high = (version(end) if end else None for end in (first, last))
    except InvalidVersion:
        low = high = None
        dots = ""
    if not dots or (low is not None and high is not None and not low < high):
        raise InputError(
            f"the versions are {value(text)}; two of Python's packaging were wanted, the older "
            "first and two dots between them, such as 2.4..2.13 or 2.4.."
        )
    return low, high


def releases(name: str, text: str, *, sources: Sequence[str] = ()) -> tuple[str, ...]:
    """Releases that pip can install in this Python, the oldest first.

    Args:
        name: The distribution.
        text: The range, both ends included, as for `within`; with an end that is a pre-release
            pre-releases are among them.
        sources: Further arguments of pip, such as ``--find-links=DIR``.

    Raises:
        InputError: the range is none, or holds fewer than two releases.
        AdapterError: the name is none, or pip knows no release.
    """
    low, high = within(text)
    pre = any(end is not None and end.is_prerelease for end in (low, high))
    known = sorted(each for each in _known(name, sources, pre=pre) if pre or not each.is_prerelease)
    found = [v for v in known if (low is None or low <= v) and (high is None or v <= high)]
    if len(found) < len(("one", "another")):
        shown = f"{known[0]} to {known[-1]}" if known else "none"
        raise InputError(
            f"of {name} there are {len(found)} releases in {text} that pip can install in this "
            f"Python, two or more were wanted. It can install {shown}: give a wider range."
        )
    return tuple(map(str, found))


def _known(name: str, sources: Sequence[str], *, pre: bool) -> list[Version]:
    known = canonicalize_name(name)
    if not name.isascii() or not is_normalized_name(known):
        raise AdapterError(f"the package is {value(name)}, the name of a distribution was wanted.")
    words = ["index", "versions", "--disable-pip-version-check", *(["--pre"] if pre else [])]
    command = [sys.executable, "-I", "-m", "pip", *words, *sources, "--", known]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and a name after the end of options
        command, capture_output=True, text=True, errors="replace", check=False, timeout=_SECONDS
    )
    listed = _LISTED.search(done.stdout)
    if listed is None:
        said = cut((done.stderr or done.stdout).strip()[-400:], 400)
        raise AdapterError(f"pip lists no release of {known}: {said or 'it says nothing'}")
    return [each for word in listed[1].split(",") if (each := _read(word.strip())) is not None]


def _read(word: str) -> Version | None:
    """A version of a list; what is none, as some old releases, cannot be asked for."""
    try:
        return version(word)
    except InvalidVersion:
        return None
