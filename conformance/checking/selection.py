"""Which cases options ask for, and how a report says so."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import documents
from conformance.cases import golden, tiers
from conformance.cases.tier_names import LARGE, SMOKE, STANDARD
from conformance.checking import smoke
from conformance.checking.named import Named
from conformance.checking.options import Options
from conformance.checking.scope import Scope
from conformance.errors import ExpectationError, SelectionError

if TYPE_CHECKING:
    from conformance.cases.catalogue.recipe import CaseRow


OWN, FOLDER = "own inputs", "golden folder"
"""What stands in the place of a tier where the cases are not the catalogue's."""


def select(options: Options, scope: Scope | None = None) -> list[str]:
    """The ids of the stored cases that are asked for.

    Args:
        options: What was asked for.
        scope: What the kernel is meant for, by which a smoke tier is chosen; None where it is not
            known: the smoke tier is then that of every scope.

    Raises:
        SelectionError: there are none.
    """
    if options.tier == LARGE:
        return _beside_large(options)
    if options.tier != SMOKE or scope is None:
        return _of_type(_of_tier(options), options)
    matching = matched(options)
    return smoke.select(matching, scope) or matching  # which are all outside, and say so


def _of_tier(options: Options) -> list[str]:
    if options.golden is None:
        return tiers.select(options.tier, options.cases)
    return golden.select(options.cases, options.golden)  # a folder has no tiers


def matched(options: Options) -> list[str]:
    """The stored cases that options allow, in the order of the catalogue.

    Raises:
        SelectionError: there are none.
    """
    return _of_type(golden.select(options.cases, options.golden), options)


def large_rows(options: Options) -> tuple[CaseRow, ...]:
    """The rows of the large tier that options allow; none for another tier."""
    if options.tier != LARGE:
        return ()
    from conformance.cases import large  # noqa: PLC0415 - for that tier alone

    return large.select(options.cases, options.dtype)


def _beside_large(options: Options) -> list[str]:
    """The stored cases that options allow, where large ones may be all that is meant."""
    try:
        return matched(options)
    except SelectionError:
        if not large_rows(options):
            raise
        return []


def _of_type(ids: list[str], options: Options) -> list[str]:
    if options.dtype is None:
        return ids
    entries = golden.manifest(options.golden).entries
    chosen = [i for i in ids if options.dtype in (entries[i].dtype, entries[i].dtype.split("+")[0])]
    if not chosen:
        known = sorted({entries[i].dtype for i in ids})
        raise SelectionError(
            f"none of the {len(ids)} cases has dtype {options.dtype!r}. They have: "
            f"{', '.join(known)}."
        )
    return chosen


def repro(case: str, known: Named, options: Options, seed: str = "") -> str:
    """The command that repeats one case, or with a seed its fresh siblings too."""
    return f"conformance check {known.quoted} --case {case}{_said(options, seed)}"


def repro_of_all(known: Named, options: Options, seed: str) -> str:
    """The command that repeats a whole check, what was drawn from a seed included."""
    tier = "" if options.tier == STANDARD else f" --tier {options.tier}"
    return f"conformance check {known.quoted}{tier}{_said(options, seed)}"


def _said(options: Options, seed: str) -> str:
    """The options that decide what a case asks, as a shell takes them."""
    return "".join(
        f" --{name} {shlex.quote(value)}"
        for name, value in (
            ("dialect", ",".join(f"{k}={v}" for k, v in (options.dialect or {}).items())),
            ("arrays", options.arrays or ""),
            *(("declare", f"{name}={json.dumps(v)}") for name, v in options.declare.items()),
            *(("where", each) for each in options.where),
            ("golden", "" if options.golden is None else str(options.golden)),
            ("fresh-seed", seed),
        )
        if value
    )


def described(options: Options, known_as: Named, *, is_own: bool) -> dict[str, Any]:
    """What was selected, from which catalogue, as a report and a statement say it."""
    manifest, known = golden.manifest(options.golden), options.known_failures
    return {
        "digest": manifest.digest,
        "cases": len(manifest.entries),
        "published": manifest.foreign is None,
        "tier": OWN if is_own else options.tier if options.golden is None else FOLDER,
        "case": None if options.cases is None else list(options.cases),
        "dtype": options.dtype,
        "arrays": options.arrays,
        **({} if options.golden is None else {"golden": str(options.golden)}),
        "declare": {**(known_as.attribute or {}), **options.declare},
        "where": list(options.where),
        "fresh": options.draws,
        "timeout": options.timeout,
        "memory_gib": options.memory_gib,
        "expectations": None if known is None else {"file": str(known), "sha256": _digest(known)},
    }


_LARGEST = 4 << 20
"""Bytes of a list of known failures."""


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(documents.read_bytes(file, _LARGEST)).hexdigest()
    except ValueError as error:
        raise ExpectationError(
            f"{file} cannot be read any more: {error}. The file that the check began with was "
            "wanted; leave it alone until the end."
        ) from error
