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
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.documents import parse_toml, read_text
from conformance.errors import ExpectationError
from conformance.verdict.known import cause as causes
from conformance.verdict.known.cause import Cause
from conformance.verdict.known.ends import is_active
from conformance.verdict.known.entry import KnownFailure

_LISTS = ("paths", "cases", "outputs")
_TEXTS = ("cause", "reason", "versions", "since", "gone", "package", "where", "seen", "link")
_RATE = re.compile(r"(\d{1,6}) of (\d{1,6})", re.ASCII)
_WITHOUT = "no "
_REQUIRED = ("paths", "cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a file tells.

    Attributes:
        file: The file.
        causes: Its causes by name.
        entries: Its entries in their order, active or not.
    """

    file: FilePath
    causes: Mapping[str, Cause]
    entries: tuple[KnownFailure, ...]


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
    stray = set(content) - {"cause", "expect"}
    if stray:
        raise ExpectationError(
            f"{file} has {', '.join(sorted(stray))}, only [cause.NAME] and [[expect]] were wanted."
        )
    if not isinstance(content.get("expect", []), list):
        raise ExpectationError(
            f"{file} has expect = {content['expect']!r}, tables [[expect]] were wanted. "
            "Write each entry below a line [[expect]]."
        )
    known = causes.read(content.get("cause", {}), str(file))
    entries = [
        _entry(f"{file}, entry {number}", raw, known)
        for number, raw in enumerate(content.get("expect", []), start=1)
    ]
    return Known(file=file, causes=known, entries=tuple(entries))


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
    for where in (*(e.where for e in told.entries), *(c.where for c in told.causes.values())):
        _require_trait(file, where, shown)
    return tuple(
        entry
        for entry in told.entries
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


def _entry(where: str, raw: object, known: Mapping[str, Cause]) -> KnownFailure:
    if not isinstance(raw, dict):
        raise ExpectationError(f"{where} is {raw!r}, a table [[expect]] was wanted.")
    keys = (*_LISTS, *_TEXTS)
    stray, missing = set(raw) - set(keys), [key for key in _REQUIRED if not raw.get(key)]
    if not raw.get("cause") and not raw.get("reason"):
        missing.append("cause or reason")
    if stray or missing:
        raise ExpectationError(
            f"{where} has unknown keys {sorted(stray)} and lacks {missing}. "
            f"Its keys are {', '.join(keys)}; {', '.join(_REQUIRED)} and one of cause and reason "
            "are required."
        )
    lists = {key: raw[key] for key in _LISTS if key in raw}
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ExpectationError(
                f'{where} has {key} = {value!r}, a list of texts was wanted, such as ["dx"].'
            )
    unknown = set(raw.get("outputs", ())) - set(OUTPUT_NAMES)
    if unknown:
        raise ExpectationError(
            f"{where} names outputs {sorted(unknown)}, expected some of {list(OUTPUT_NAMES)}."
        )
    texts = {key: str(raw[key]) for key in _TEXTS if key in raw}
    if "seen" in texts:
        _require_rate(where, texts["seen"])
    given: dict[str, Any] = {key: tuple(value) for key, value in lists.items()}
    return KnownFailure(
        **{"outputs": OUTPUT_NAMES, **given, **texts, **_explained(where, texts, known)}
    )


def _require_rate(where: str, seen: str) -> None:
    told = _RATE.fullmatch(seen)
    if told is None or not 0 < int(told[1]) < int(told[2]):
        raise ExpectationError(
            f"{where} has seen = {seen!r}, in how many of how many tries it failed was wanted, "
            'such as "3 of 4": once at least, and not always. Leave it out where it always fails.'
        )


def _explained(where: str, told: Mapping[str, str], known: Mapping[str, Cause]) -> dict[str, str]:
    """Reason and link of an entry: its cause's, if it names one."""
    name = told.get("cause", "")
    if not name:
        return {"reason": told["reason"]}
    if "reason" in told:
        raise ExpectationError(
            f"{where} has cause = {name!r} and reason = {told['reason']!r}, one of them was "
            "wanted. Tell the reason in the cause."
        )
    if name not in known:
        raise ExpectationError(
            f"{where} has cause = {name!r}, one of {sorted(known)} was wanted. "
            f"Write [cause.{name}] with a reason, and a reproduction or by_design."
        )
    return {"reason": known[name].reason, "link": told.get("link", known[name].link)}
