"""One entry of a file of expectations: which outputs it speaks of, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatch
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.errors import ExpectationError
from conformance.verdict.known.cause import Cause

_LISTS = ("paths", "cases", "outputs")
_RATE = re.compile(r"(\d{1,6}) of (\d{1,6})", re.ASCII)
_REQUIRED = ("paths", "cases")
_OF_FAILURES = ("gone", "seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What an entry tells of the outputs that it speaks of, and may have in common with others.

    Attributes:
        cause: Name of the cause; empty where there is a reason instead.
        reason: The reason; empty where there is a cause.
        versions: Range of versions it speaks of; empty for all.
        since: The release since which they fail, as the one before does not; empty if unknown.
        gone: The version in which they were seen to pass; empty while they fail.
        package: Whose versions these are; empty for the adapter's first package.
        where: The trait of the machines it speaks of, with ``"no "`` before it for those without;
            empty for all machines.
        seen: How often they failed, such as ``"3 of 4"``, where they come and go; else empty.
        link: An issue upstream; empty where it is the cause's.
    """

    cause: str = ""
    reason: str = ""
    versions: str = ""
    since: str = ""
    gone: str = ""
    package: str = ""
    where: str = ""
    seen: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure(Why):
    """One entry; see `known.expectations`.  Where it names a cause it has that one's link, too.

    Attributes:
        paths: Globs of path names.
        cases: Globs of case ids.
        outputs: Names of outputs.
        reason: Why they fail, its cause's if it names one.
        degraded: Whether it tells why outputs are degraded, and expects no failure.
    """

    paths: tuple[str, ...]
    cases: tuple[str, ...]
    outputs: tuple[str, ...]
    reason: str
    degraded: bool = False

    def matches(self, path: str, case: str, output: str) -> bool:
        """Whether the entry speaks of this output."""
        return (
            output in self.outputs
            and any(fnmatch(path, glob) for glob in self.paths)
            and any(fnmatch(case, glob) for glob in self.cases)
        )


_TEXTS = tuple(field.name for field in fields(Why))


def read_entry(where: str, raw: object, known: Mapping[str, Cause]) -> KnownFailure:
    """What one table tells.

    Args:
        where: What to call it in a message.
        raw: The table.
        known: The causes of its file.

    Raises:
        ExpectationError: it lacks or misspells something.
    """
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


def read_degraded(where: str, raw: object, known: Mapping[str, Cause]) -> KnownFailure:
    """What one table ``[[degraded]]`` tells: why outputs are degraded.

    Raises:
        ExpectationError: as `read_entry`, or it has what failures alone have.
    """
    found = read_entry(where, raw, known)
    if found.gone or found.seen:
        raise ExpectationError(
            f"{where} has {' or '.join(_OF_FAILURES)}, which are of failures. Leave them out."
        )
    return replace(found, degraded=True)


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
