"""Known failures of an adapter: which, since when, why; each must go on failing.

``adapters/<name>/expectations.toml`` holds causes (see `known.cause`) and entries:

    [[expect]]
    cause = "one-pass"                 # a [cause.one-pass] of this file
    paths = ["fused_nhwc_xla"]         # globs of path names
    cases = ["offset/*-1000*"]         # globs of case ids
    outputs = ["y", "dx"]              # optional: all outputs
    versions = ">=2.21"                # optional: where it is known, of the first package
    since = "2.4.0"                    # optional: the release before it was seen to pass
    gone = "2.22.0"                    # optional: the version in which it was seen to pass
    package = "keras"                  # optional: whose versions these are, if not the first's
    where = "fused-multiply-add"       # optional: machines that show this trait of the adapter
    seen = "3 of 4"                    # optional: it comes and goes, and failed so often
    link = "https://..."               # optional: that of the cause

An entry may tell its own ``reason = "..."`` instead of naming a cause.

An output that an active entry matches and that fails is `expected-fail`; one that passes is
`unexpected-pass`, which makes the run fail until the entry is marked as gone or removed.
``conformance expectations ADAPTER --update`` marks it.

What an entry with ``seen`` matches is `flaky`, whichever way it comes out: neither red nor green,
and counted by itself.  What happened this time stands in the reason.

A table ``[[degraded]]`` has the same keys but for ``gone`` and ``seen``. It tells why outputs are
`degraded`, grade C, and expects nothing: what it matches and is right, or wrong, is as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from conformance.documents import parse_toml, read_text
from conformance.errors import ExpectationError
from conformance.verdict.known import cause as causes
from conformance.verdict.known.cause import Cause
from conformance.verdict.known.ends import is_active
from conformance.verdict.known.entry import KnownFailure, read_degraded, read_entry

_WITHOUT = "no "


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a file tells.

    Attributes:
        file: The file.
        causes: Its causes by name.
        entries: Its entries in their order, active or not.
        degraded: Those that tell why outputs are degraded, the same way.
    """

    file: FilePath
    causes: Mapping[str, Cause]
    entries: tuple[KnownFailure, ...]
    degraded: tuple[KnownFailure, ...] = ()


def read(file: FilePath) -> Known:
    """Read a file; one that does not exist tells nothing.

    Raises:
        ExpectationError: it is no TOML, or a cause or an entry lacks or misspells something.
    """
    try:
        text = read_text(file) if file.exists() else ""
    except ValueError as error:
        raise ExpectationError(
            f"{file} cannot be read: {error}. A file of TOML in UTF-8 was wanted; "
            "correct it, or name another."
        ) from error
    return parse(text, file)


def parse(text: str, file: FilePath) -> Known:
    """What a file tells that holds `text`.

    Raises:
        ExpectationError: as `read`.
    """
    try:
        content = parse_toml(text)
    except ValueError as error:
        raise ExpectationError(f"{file} is not TOML: {error}. Correct that line.") from error
    stray = set(content) - {"cause", "expect", "degraded"}
    if stray:
        raise ExpectationError(
            f"{file} has {', '.join(sorted(stray))}, only [cause.NAME], [[expect]] and "
            "[[degraded]] were wanted."
        )
    known = causes.read(content.get("cause", {}), str(file))
    entries = [
        read_entry(f"{file}, entry {n}", raw, known) for n, raw in _tables(content, "expect", file)
    ]
    degraded = [
        read_degraded(f"{file}, [[degraded]] {n}", raw, known)
        for n, raw in _tables(content, "degraded", file)
    ]
    return Known(file=file, causes=known, entries=tuple(entries), degraded=tuple(degraded))


def _tables(content: Mapping[str, Any], name: str, file: FilePath) -> Iterable[tuple[int, Any]]:
    found = content.get(name, [])
    if not isinstance(found, list):
        raise ExpectationError(
            f"{file} has {name} = {found!r}, tables [[{name}]] were wanted. "
            f"Write each entry below a line [[{name}]]."
        )
    return enumerate(found, start=1)


def load(
    file: FilePath,
    version: str,
    traits: Mapping[str, bool] | None = None,
    packages: Mapping[str, str] | None = None,
) -> tuple[KnownFailure, ...]:
    """The entries of a file that are active for a framework's version on a machine.

    Args:
        file: The file.
        version: The version.
        traits: Every trait that the adapter knows, and whether the machine shows it.
        packages: The versions of all packages of the adapter, by their names.

    Raises:
        ExpectationError: as `read`, a version is none, or a trait is not known.
    """
    told, shown = read(file), traits or {}
    every = (*told.entries, *told.degraded)
    for where in (*(e.where for e in every), *(c.where for c in told.causes.values())):
        _require_trait(file, where, shown)
    return tuple(
        entry
        for entry in every
        if is_active(file, entry, version, packages) and is_here(entry.where, shown)
    )


def is_here(where: str, traits: Mapping[str, bool]) -> bool:
    """Whether an entry or a cause speaks of a machine with these traits; if none is told it may.

    Args:
        where: The trait that it names, with ``"no "`` before it for machines without.
        traits: Those that are known of the machine.
    """
    shown = traits.get(where.removeprefix(_WITHOUT))
    return shown is None or shown != where.startswith(_WITHOUT)


def _require_trait(file: FilePath, where: str, traits: Mapping[str, bool]) -> None:
    name = where.removeprefix(_WITHOUT)
    if name and name not in traits:
        raise ExpectationError(
            f"{file}: where = {where!r} names no trait of the adapter, one of "
            f"{sorted(traits)} was wanted, with {_WITHOUT!r} before it for machines without. "
            "Correct it, or add the trait to the Adapter."
        )


def require(
    expectations: Iterable[KnownFailure],
    paths: Iterable[str],
    due: Mapping[str, Iterable[str]],
    file: FilePath,
) -> None:
    """Refuse entries that match nothing.

    Args:
        expectations: The active entries of `file`.
        paths: All paths of the adapter.
        due: Case ids to the outputs that are due in them, for the whole catalogue.
        file: Where the entries come from.

    Raises:
        ExpectationError: an entry matches no output of any case on any path.
    """
    known = [(path, case, out) for path in paths for case, outs in due.items() for out in outs]
    for entry in expectations:
        if not any(entry.matches(*candidate) for candidate in known):
            raise ExpectationError(
                f"{file}: the entry with paths {list(entry.paths)}, cases {list(entry.cases)}, "
                f"outputs {list(entry.outputs)} matches nothing in the catalogue. "
                "Correct its globs or remove it."
            )
