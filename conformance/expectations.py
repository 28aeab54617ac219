"""Known failures of an adapter: which, since when, why; each must go on failing.

``adapters/<name>/expectations.toml`` holds entries of this form:

    [[expect]]
    paths = ["fused_nhwc_xla"]         # globs of path names
    cases = ["offset/*-1000*"]         # globs of case ids
    outputs = ["y", "dx"]              # optional: all outputs
    versions = ">=2.21"                # optional: of the adapter's first package
    reason = "XLA computes the variance in one pass"
    link = "https://..."               # optional

An output that an active entry matches and that fails is `expected-fail`; one that passes is
`unexpected-pass`, which makes the run fail until the entry is removed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path as FilePath

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from conformance.case import OUTPUT_NAMES
from conformance.errors import ExpectationError
from conformance.record import COMPARED, OutputResult, Status

_KEYS = frozenset({"paths", "cases", "outputs", "versions", "reason", "link"})
_REQUIRED = ("paths", "cases", "reason")
_FAILING = frozenset({Status.FAIL, Status.ERROR, Status.CRASH, Status.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One entry; see the module's text."""

    paths: tuple[str, ...]
    cases: tuple[str, ...]
    outputs: tuple[str, ...]
    versions: str
    reason: str
    link: str

    def matches(self, path: str, case: str, output: str) -> bool:
        """Whether the entry speaks of this output."""
        return (
            output in self.outputs
            and any(fnmatch(path, glob) for glob in self.paths)
            and any(fnmatch(case, glob) for glob in self.cases)
        )


def load(file: FilePath, version: str) -> tuple[Expectation, ...]:
    """The entries of a file that are active for a framework's version.

    Raises:
        ExpectationError: the file is no TOML, or an entry lacks or misspells something.
    """
    if not file.exists():
        return ()
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ExpectationError(f"{file} is not TOML: {error}. Correct that line.") from error
    stray = set(content) - {"expect"}
    if stray:
        raise ExpectationError(
            f"{file} has {', '.join(sorted(stray))}, only [[expect]] entries were wanted."
        )
    entries = [_entry(file, i, raw) for i, raw in enumerate(content.get("expect", []), start=1)]
    return tuple(entry for entry in entries if _active(file, entry, version))


def apply(
    expectations: Iterable[Expectation], path: str, case: str, results: Mapping[str, OutputResult]
) -> dict[str, OutputResult]:
    """Turn failures that are expected into expected ones, and their absence into a failure."""
    return {
        output: _apply_one([e for e in expectations if e.matches(path, case, output)], result)
        for output, result in results.items()
    }


def check(
    expectations: Iterable[Expectation],
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


def _apply_one(entries: list[Expectation], result: OutputResult) -> OutputResult:
    if not entries:
        return result
    why = "; ".join(f"{e.reason} ({e.link})" if e.link else e.reason for e in entries)
    if result.status in _FAILING:
        seen = f"{result.status}: {result.reason}" if result.reason else str(result.status)
        return replace(result, status=Status.EXPECTED_FAIL, reason=f"expected: {why} [{seen}]")
    if result.status in COMPARED:
        text = f"expected to fail and did not: {why}. Remove the entry from expectations.toml."
        return replace(result, status=Status.UNEXPECTED_PASS, reason=text)
    return result


def _entry(file: FilePath, number: int, raw: object) -> Expectation:
    where = f"{file}, entry {number}"
    if not isinstance(raw, dict):
        raise ExpectationError(f"{where} is {raw!r}, a table [[expect]] was wanted.")
    stray, missing = set(raw) - _KEYS, [key for key in _REQUIRED if not raw.get(key)]
    if stray or missing:
        raise ExpectationError(
            f"{where} has unknown keys {sorted(stray)} and lacks {missing}. "
            f"Its keys are {', '.join(sorted(_KEYS))}; {', '.join(_REQUIRED)} are required."
        )
    outputs = tuple(raw.get("outputs", OUTPUT_NAMES))
    unknown = set(outputs) - set(OUTPUT_NAMES)
    if unknown:
        raise ExpectationError(
            f"{where} names outputs {sorted(unknown)}, expected some of {list(OUTPUT_NAMES)}."
        )
    return Expectation(
        paths=tuple(raw["paths"]),
        cases=tuple(raw["cases"]),
        outputs=outputs,
        versions=str(raw.get("versions", "")),
        reason=str(raw["reason"]),
        link=str(raw.get("link", "")),
    )


def _active(file: FilePath, entry: Expectation, version: str) -> bool:
    if not entry.versions:
        return True
    try:
        return SpecifierSet(entry.versions, prereleases=True).contains(version.partition("+")[0])
    except InvalidSpecifier as error:
        raise ExpectationError(
            f'{file}: versions = {entry.versions!r} is no version range. Write it like ">=2.13,<3".'
        ) from error
