"""How to check a kernel: which cases, in which conventions, within which limits.

Nothing here needs numpy: the worker starts before that is loaded.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.cases.tier_names import STANDARD
from conformance.checking.named import Named
from conformance.checking.rule import Rule
from conformance.errors import InputError
from conformance.harness import search_path
from conformance.harness.kernels.source import MEMORY_GIB, Source

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
        golden: A folder of golden files whose cases are asked instead of the catalogue's; None for
            the catalogue.
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
    golden: Path | None = None

    def __post_init__(self) -> None:
        """Refuse limits that are none.

        Raises:
            InputError: the message shows the value.
            AdapterError: what is declared does not exist; the message lists what does.
        """
        if self.declare or self.where:
            _require_declared(Source(selector="", declared=self.declare, where=self.where))
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

        if self.golden is not None:
            self._require_of_a_folder(self.golden)

    def _require_of_a_folder(self, folder: Path) -> None:
        """Refuse what there is of the catalogue alone: tiers, and fresh cases of its recipes."""
        if self.tier != STANDARD:
            raise InputError(
                f"tier {self.tier} was given with the golden files of {folder}; tiers are of the "
                "catalogue. Leave it out, and choose among the cases of the folder by --case."
            )
        if self.fresh_seed is not None:
            raise InputError(
                f"a seed of fresh cases was given with the golden files of {folder}; fresh cases "
                "are drawn from recipes of the catalogue, and a folder holds values. Leave it out."
            )

    @property
    def draws(self) -> bool:
        """Whether fresh cases are drawn: a folder of golden files has no recipes to draw from."""
        return self.fresh and self.golden is None

    @property
    def hidden(self) -> tuple[Path, ...]:
        """Folders of answers that a kernel may not read, beside those of the package."""
        return () if self.golden is None else (self.golden,)

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


def _require_declared(source: Source) -> None:
    with search_path.neighbours_last():
        from conformance.case import Dialect  # noqa: PLC0415 - for who declares something
        from conformance.harness.kernels.declared import declared  # noqa: PLC0415 - the same
    declared(None, source, Dialect())
