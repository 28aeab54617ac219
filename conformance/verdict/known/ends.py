"""The ends of a known failure: since which release of what an entry holds, and until which.

``versions`` is the range in which a failure is known, from the releases that happened to run.
``since`` and ``gone`` are ends that were found: the release before the one fails no more than the
release that the other names.  They are told wherever the reason is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from conformance.errors import ExpectationError
from conformance.verdict.known.entry import KnownFailure


def in_words(entry: KnownFailure) -> str:
    """The ends that were found, such as ``since 2.4, gone in 2.22`` or ``flax since 0.12.1``."""
    ends = {"since": entry.since, "gone in": entry.gone}
    told = ", ".join(f"{word} {end}" for word, end in ends.items() if end)
    return f"{entry.package} {told}" if told and entry.package else told


def is_active(
    file: Path, entry: KnownFailure, version: str, packages: Mapping[str, str] | None = None
) -> bool:
    """Whether an entry speaks of a framework's version.

    Args:
        file: Where the entry comes from.
        entry: The entry.
        version: The version of the adapter's first package.
        packages: The versions of all its packages by name, for an entry that names another one.

    Raises:
        ExpectationError: its own range or version is none, or its package is none of the adapter's.
    """
    # Where there are known failures: a check of a kernel seldom has any, and this takes 13 ms.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - see above
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - see above

    from conformance.verdict.known.ranges import public_part  # noqa: PLC0415 - see above

    public = public_part(version_of(file, entry, version, packages or {}))
    try:
        if entry.versions and not SpecifierSet(entry.versions, prereleases=True).contains(public):
            return False
    except InvalidSpecifier as error:
        raise ExpectationError(
            f'{file}: versions = {entry.versions!r} is no version range. Write it like ">=2.13,<3".'
        ) from error
    key = "since"
    try:
        begun = not entry.since or Version(public) >= Version(entry.since)
        key = "gone"
        return begun and (not entry.gone or Version(public) < Version(entry.gone))
    except InvalidVersion as error:
        raise ExpectationError(
            f"{file}: {key} = {getattr(entry, key)!r} cannot be compared with version {public!r}, "
            'a version was wanted. Write it like "2.14.0".'
        ) from error


def version_of(file: Path, entry: KnownFailure, version: str, packages: Mapping[str, str]) -> str:
    """The version that an entry speaks of: of the package that it names, or of the first.

    The nightly build of a package is that package.

    Raises:
        ExpectationError: it names one whose version is not known.
    """
    if not entry.package:
        return version
    known = {_plain(name): found for name, found in packages.items()}
    name = _plain(entry.package)
    found = known.get(name) or known.get(f"{name}-nightly")
    if found is None:
        raise ExpectationError(
            f"{file}: package = {entry.package!r} is none whose version is known here, one of "
            f"{sorted(packages)} was wanted. Correct it, or leave it out for the first."
        )
    return found


def _plain(name: str) -> str:
    """The name of a distribution as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
