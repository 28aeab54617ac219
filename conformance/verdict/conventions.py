"""The conventions of a path, as an experiment found them: frozen data of a run record.

They are measured once for each path (`conformance.checking.conventions`), and no verdict depends on
them.  What they say may differ from what the path declares of itself: `differences` tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.printable import value

TITLES: Mapping[str, str] = {
    "default_eps": "default eps",
    "momentum": "momentum weights",
    "default_momentum": "default momentum",
    "running_var": "running variance",
    "eps": "place of eps",
    "saved": "what is saved",
    "half": "half types",
    "one_value": "one value per channel",
    "nan": "a NaN in x",
    "empty": "empty batch",
    "mask": "masks",
}
"""Every convention that is measured, by its name in a record, in the order in which it is told."""

NOT_MEASURED = "not measured"
"""What is told of a convention of which a record says nothing: an older one, or of a part."""

WORDS, SENTENCE = 300, 1000
"""How many characters what was found and what was seen may have, as the schema says."""

NAMED_AS = " = "
"""Stands, among the statistics returned, before what one of them is in truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One convention.

    Attributes:
        found: What the path does, in a few words; None where nothing showed it.
        seen: What was seen, or why nothing was, in words.
    """

    found: str | None
    seen: str = ""


def decode(told: Mapping[str, Mapping[str, Any]]) -> dict[str, Convention]:
    """Undo what a record does with conventions; the schema has been held to."""
    return {name: Convention(**each) for name, each in told.items()}


def encode(found: Mapping[str, Convention]) -> dict[str, dict[str, str | None]]:
    """Conventions as JSON."""
    return {name: asdict(each) for name, each in found.items()}


def checked(told: Any) -> dict[str, Convention]:
    """Undo `encode` where no schema was held to.

    Raises:
        ValueError: these are no conventions.
    """
    if not isinstance(told, dict) or not told.keys() <= TITLES.keys():
        raise ValueError(f"conventions are {value(told)}, some of {', '.join(TITLES)} were wanted")
    for name, each in told.items():
        if not (isinstance(each, dict) and each.keys() == {"found", "seen"} and _fits(each)):
            raise ValueError(f"the convention {name} is {value(each)}, found and seen were wanted")
    return decode(told)


def _fits(told: Mapping[str, Any]) -> bool:
    found, seen = told["found"], told["seen"]
    known = found is None or (isinstance(found, str) and 0 < len(found) <= WORDS)
    return known and isinstance(seen, str) and len(seen) <= SENTENCE


def differences(dialect: Mapping[str, str], found: Mapping[str, Convention]) -> Iterator[str]:
    """What a path declares of itself and does otherwise, a sentence each.

    What was not found differs from nothing.  That no running statistics come back says nothing of
    what momentum would weight.

    Args:
        dialect: What it declares, as `conformance.case.Dialect` has it.
        found: What was measured.
    """
    for name in ("running_var", "eps", "momentum"):
        one = found.get(name)
        if one is None or one.found in (None, dialect.get(name)):
            continue
        if (name, one.found) != ("momentum", "none"):
            yield f"{name} is declared {dialect.get(name)!r} and measured {one.found!r}: {one.seen}"
    saved = found.get("saved")
    if saved is not None and saved.found and NAMED_AS in saved.found:
        yield f"statistics come under other names than their own: {saved.found}"
