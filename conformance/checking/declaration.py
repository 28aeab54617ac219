"""What a kernel, or who checks it, declares: conventions, and what narrows the questions.

A declaration decides what is asked and what is right, so no verdict stands without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from conformance.case import Dialect
from conformance.float_types import FLOAT_TYPES
from conformance.harness.kernels.declared import RANKS

_USUAL = asdict(Dialect())


def declared(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What narrows the questions, as a report and a statement say it.

    Args:
        facts: What the worker tells of its kernel.

    Returns:
        ``fixed``, what is built in; ``dtypes`` and ``ranks``, None where it takes all;
        ``per_activation``; ``where``, the predicates that every call meets.
    """
    dtypes, ranks = facts.get("dtypes", ()), facts.get("ranks", ())
    return {
        "fixed": dict(facts["fixed"]),
        "dtypes": None if {*dtypes} >= {*FLOAT_TYPES} else [n for n in FLOAT_TYPES if n in dtypes],
        "ranks": None if {*ranks} >= {*RANKS} else sorted(ranks),
        "per_activation": bool(facts.get("per_activation", False)),
        "where": list(facts.get("where", ())),
    }


def words(said: Mapping[str, Any], dialect: Mapping[str, str]) -> str:
    """Declarations in a few words; empty for a kernel that declares nothing.

    Args:
        said: As `declared` gives it.
        dialect: The conventions.
    """
    return ", ".join([*_conventions(dialect), *_narrower(said)])


def _conventions(dialect: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in dialect.items() if value != _USUAL.get(name))


def _narrower(said: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"fixed_{name}={value:g}" for name, value in said["fixed"].items())
    for name in ("dtypes", "ranks"):
        if said[name] is not None:
            yield f"{name}={'|'.join(map(str, said[name]))}"
    if said["where"]:
        yield f"where {' and '.join(said['where'])}"
