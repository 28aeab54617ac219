"""How to check a kernel: which cases, in which conventions, within which limits."""

from __future__ import annotations

import hashlib
import json
import math
import re
import reprlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import documents
from conformance.case import Dialect
from conformance.cases import golden, tiers
from conformance.checking import smoke
from conformance.checking.levels import Rule
from conformance.checking.named import Named
from conformance.checking.scope import Scope
from conformance.errors import ExpectationError, InputError, SelectionError
from conformance.harness.kernels.declared import declared
from conformance.harness.kernels.source import MEMORY_GIB, Source

if TYPE_CHECKING:
    from conformance.cases.catalogue.recipe import CaseRow

_SEED = re.compile("[0-9a-f]{32}")

CASE_SECONDS = 60.0
"""How long one case may take, both calls and compilation included."""

BUDGET_SECONDS = 7200.0
"""How long a whole check may take: a kernel that hangs in every case would take a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to check; the same for the command, for Python and for pytest.

    Attributes:
        tier: ``"smoke"``, ``"standard"`` or ``"large"``.
        cases: Ids, globs or parts of ids; None for all of the tier.
        dtype: Only cases of this type of x, such as ``"float32"``; None for all.
        dialect: Conventions that differ from the kernel's own declaration.
        arrays: Whose arrays it takes; None to recognise it.
        timeout: Seconds for one case.
        memory_gib: GiB that it may allocate; 0 for no limit.
        budget: Seconds for the whole check, after which it is partial.
        fresh: Run secretly seeded cases too.
        fresh_seed: The seed of an earlier run, whose fresh cases are repeated.
        known_failures: A file of known failures, as an adapter has; its path is ``kernel``.
        rule: What is asked of a kernel that conforms.
        declare: Entries of the kernel's attribute ``conformance`` that are said from outside.
        where: Predicates that narrow its scope, beside those that it declares.
        soak: Seconds for which small calls are asked again and again afterwards; 0 for none.
    """

    tier: str = "standard"
    cases: tuple[str, ...] | None = None
    dtype: str | None = None
    dialect: dict[str, str] | None = None
    arrays: str | None = None
    timeout: float = CASE_SECONDS
    memory_gib: float = MEMORY_GIB
    budget: float = BUDGET_SECONDS
    fresh: bool = True
    fresh_seed: str | None = None
    known_failures: Path | None = None
    rule: Rule = field(default_factory=Rule)
    declare: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    soak: float = 0.0

    def __post_init__(self) -> None:
        """Refuse limits that are none.

        Raises:
            InputError: the message shows the value.
            AdapterError: what is declared does not exist; the message lists what does.
        """
        declared(None, Source(selector="", declared=self.declare, where=self.where), Dialect())
        for name in ("timeout", "budget"):
            seconds = getattr(self, name)
            if not 0 < seconds < math.inf:
                raise InputError(f"{name} is {seconds:g}, a number of seconds above 0 was wanted.")
        if not 0 <= self.soak < math.inf:
            raise InputError(
                f"soak is {self.soak:g}, a number of seconds was wanted. Give 0 for no soak."
            )
        if self.fresh_seed is not None and not _SEED.fullmatch(self.fresh_seed):
            raise InputError(
                f"the seed of fresh cases is {reprlib.repr(self.fresh_seed)}, 32 hexadecimal "
                "digits were wanted. Take them from the report of an earlier run."
            )
        if not 0 <= self.memory_gib < math.inf:
            raise InputError(
                f"memory_gib is {self.memory_gib:g}, a number was wanted. Give 0 for no limit."
            )

    def source(self, known: Named) -> Source:
        """What the worker of a kernel is told."""
        return Source(
            selector=known.selector,
            attribute=known.attribute,
            declared=self.declare,
            where=self.where,
            dialect=self.dialect or {},
            arrays=self.arrays,
            memory_gib=self.memory_gib,
        )


def select(options: Options, scope: Scope | None = None) -> list[str]:
    """The ids of the stored cases that are asked for.

    Args:
        options: What was asked for.
        scope: What the kernel is meant for, by which a smoke tier is chosen; None where it is not
            known: the smoke tier is then that of every scope.

    Raises:
        SelectionError: there are none.
    """
    if options.tier == tiers.LARGE:
        return _beside_large(options)
    if options.tier != "smoke" or scope is None:
        return _of_type(tiers.select(options.tier, options.cases), options)
    matching = matched(options)
    return smoke.select(matching, scope) or matching  # which are all outside, and say so


def matched(options: Options) -> list[str]:
    """The stored cases that options allow, in the order of the catalogue.

    Raises:
        SelectionError: there are none.
    """
    return _of_type(golden.select(options.cases), options)


def large_rows(options: Options) -> tuple[CaseRow, ...]:
    """The rows of the large tier that options allow; none for another tier."""
    if options.tier != tiers.LARGE:
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
    entries = golden.manifest().entries
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
    tier = "" if options.tier == "standard" else f" --tier {options.tier}"
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
            ("fresh-seed", seed),
        )
        if value
    )


def described(options: Options, known_as: Named, *, is_own: bool) -> dict[str, Any]:
    """What was selected, from which catalogue, as a report and a statement say it."""
    manifest, known = golden.manifest(), options.known_failures
    return {
        "digest": manifest.digest,
        "cases": len(manifest.entries),
        "published": manifest.foreign is None,
        "tier": "own inputs" if is_own else options.tier,
        "case": None if options.cases is None else list(options.cases),
        "dtype": options.dtype,
        "arrays": options.arrays,
        "declare": {**(known_as.attribute or {}), **options.declare},
        "where": list(options.where),
        "fresh": options.fresh,
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
