"""What a kernel says of itself, in one attribute: ``batch_norm.conformance = {...}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from conformance.adapter import FLOATS, HALVES, Capabilities
from conformance.case import Dialect
from conformance.errors import AdapterError
from conformance.harness.kernels.source import Source, check_dialect

_OWN = ("arrays", "dtypes", "ranks", "per_activation", "fixed_eps", "fixed_momentum")
_CONVENTIONS = tuple(f.name for f in fields(Dialect))


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was declared about a kernel, by itself and from outside; outside wins.

    Attributes:
        dialect: Its conventions.
        capabilities: Which types and ranks it takes.
        arrays: Whose arrays it takes; None to recognise it.
        fixed: eps and momentum that are built in, where it takes no such parameter.
    """

    dialect: Dialect
    capabilities: Capabilities
    arrays: str | None
    fixed: Mapping[str, float]


def declared(found: object, source: Source, usual: Dialect) -> Declared:
    """Read the attribute ``conformance`` of a kernel.

    Args:
        found: The kernel.
        source: What was said from outside.
        usual: The conventions of its kind of kernel.

    Raises:
        AdapterError: an entry that does not exist.
        InputError: a convention that does not exist.
    """
    said: Mapping[str, Any] = getattr(found, "conformance", {})
    if not isinstance(said, Mapping):
        raise AdapterError(
            f"the attribute conformance is {said!r}, a dict was wanted. "
            f"Its keys may be {', '.join((*_CONVENTIONS, *_OWN))}."
        )
    stray = [name for name in said if name not in (*_CONVENTIONS, *_OWN)]
    if stray:
        raise AdapterError(
            f"the attribute conformance has {', '.join(map(repr, stray))}. "
            f"Its keys may be {', '.join((*_CONVENTIONS, *_OWN))}."
        )
    own: dict[str, Any] = {name: said[name] for name in _CONVENTIONS if name in said}
    check_dialect(own)
    dtypes = frozenset(said.get("dtypes", FLOATS))
    return Declared(
        dialect=replace(usual, **(own | dict(source.dialect))),
        capabilities=Capabilities(
            dtypes=dtypes,
            mixed=HALVES & dtypes,
            ranks=frozenset(said.get("ranks", (2, 3, 4, 5))),
            per_activation=bool(said.get("per_activation", False)),
        ),
        arrays=source.arrays or said.get("arrays"),
        fixed={
            name: float(said[f"fixed_{name}"])
            for name in ("eps", "momentum")
            if f"fixed_{name}" in said
        },
    )
