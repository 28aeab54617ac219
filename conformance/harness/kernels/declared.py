"""What a kernel says of itself, in one attribute: ``batch_norm.conformance = {...}``."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from types import MappingProxyType
from typing import Any

from conformance.adapter import HALVES, MASKS, Capabilities
from conformance.case import Dialect
from conformance.errors import AdapterError
from conformance.float_types import FLOAT_TYPES, NARROW
from conformance.harness.kernels import where
from conformance.harness.kernels.signature import Signature, parse
from conformance.harness.kernels.source import ARRAYS, Source, check_dialect

_OWN = (
    "arrays",
    "dtypes",
    "ranks",
    "per_activation",
    "fixed_eps",
    "fixed_momentum",
    "where",
    "signature",
)
_CONVENTIONS = tuple(f.name for f in fields(Dialect))

RANKS = (2, 3, 4, 5)
"""Numbers of axes that a kernel may say it takes."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"eps": (0.0, 1.0), "momentum": (0.001, 1.0)}
)
"""From and to which a built-in eps and momentum may be.

Both are the catalogue's own ranges, but for a momentum so near 0 that a kernel which never updates
its running statistics would be right.  An eps of 1e300 makes y = beta right for every x.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was declared about a kernel, by itself and from outside; outside wins.

    Attributes:
        dialect: Its conventions.
        capabilities: Which types and ranks it takes.
        arrays: Whose arrays it takes; None to recognise it.
        fixed: eps and momentum that are built in, where it takes no such parameter.
        where: Predicates that every call meets which it takes; see
            `conformance.harness.kernels.where`.
        signature: What it is given by position; None where its parameters' names say it.
    """

    dialect: Dialect
    capabilities: Capabilities
    arrays: str | None
    fixed: Mapping[str, float]
    where: tuple[str, ...] = ()
    signature: Signature | None = None


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
    attribute = source.attribute
    said = _known(getattr(found, "conformance", {}) if attribute is None else attribute)
    said = {**said, **_known(source.declared)}
    own: dict[str, Any] = {name: said[name] for name in _CONVENTIONS if name in said}
    check_dialect(own)
    dtypes = frozenset(_some(said, "dtypes", tuple(FLOAT_TYPES)))
    fixed = {name: said[f"fixed_{name}"] for name in RANGES if f"fixed_{name}" in said}
    dialect = replace(usual, **(own | dict(source.dialect)))
    fixed = _of_new_batch(fixed, dialect)
    require_fixed(fixed)
    return Declared(
        dialect=dialect,
        capabilities=Capabilities(
            dtypes=dtypes,
            mixed=HALVES & dtypes,
            narrow=frozenset(NARROW),
            masks=MASKS,
            ranks=frozenset(_some(said, "ranks", RANKS)),
            per_activation=_one(said, "per_activation", (False, True)),
        ),
        arrays=source.arrays or _one(said, "arrays", (None, *ARRAYS)),
        fixed={name: float(value) for name, value in fixed.items()},
        where=_predicates(said, source),
        signature=None if said.get("signature") is None else parse(said["signature"]),
    )


def _of_new_batch(fixed: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Built-in numbers with the momentum as the weight of the new batch, whatever it is said as."""
    found = dict(fixed)
    momentum = found.get("momentum")
    is_number = isinstance(momentum, Real) and not isinstance(momentum, bool)
    if dialect.momentum == "old" and is_number:
        found["momentum"] = 1.0 - float(found["momentum"])
    return found


def _known(said: object) -> Mapping[str, Any]:
    """Declarations, each of which must have a name that exists.

    Raises:
        AdapterError: the message lists those that do.
    """
    keys = (*_CONVENTIONS, *_OWN)
    if not isinstance(said, Mapping):
        raise AdapterError(
            f"the attribute conformance is {reprlib.repr(said)}, a dict was wanted. "
            f"Its keys may be {', '.join(keys)}."
        )
    stray = [name for name in said if name not in keys]
    if stray:
        raise AdapterError(
            f"the attribute conformance has {', '.join(map(reprlib.repr, stray))}. "
            f"Its keys may be {', '.join(keys)}."
        )
    return said


def _predicates(said: Mapping[str, Any], source: Source) -> tuple[str, ...]:
    """The predicates that were said in either place, each in its plain form and once."""
    own = said.get("where", ())
    own = (own,) if isinstance(own, str) else own
    if not isinstance(own, (list, tuple)):
        raise _unknown("where", own, 'a list of predicates such as ["C % 32 == 0"]')
    return tuple(dict.fromkeys(p.text for p in where.parsed([*own, *source.where])))


def require_fixed(fixed: Mapping[str, Any]) -> None:
    """Refuse a built-in eps or momentum that leaves nothing to be tested.

    Raises:
        AdapterError: the message says what may be declared.
    """
    for name, value in fixed.items():
        least, most = RANGES.get(name, (math.nan, math.nan))
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if not is_number or not least <= float(value) <= most:
            told = ", ".join(f"fixed_{n} from {a:g} to {b:g}" for n, (a, b) in RANGES.items())
            raise AdapterError(
                f"the kernel declares fixed_{name} = {reprlib.repr(value)}; understood are {told}. "
                f"Give it a parameter {name}, or declare what it has."
            )


def _some(said: Mapping[str, Any], name: str, known: tuple[Any, ...]) -> tuple[Any, ...]:
    """The entries of a list, each of which must be known; all of `known` where none is given."""
    if name not in said:
        return known
    found = said[name]
    if not isinstance(found, (list, tuple, set, frozenset)) or not found:
        raise _unknown(name, found, f"a list of some of {', '.join(map(str, known))}")
    for each in found:
        _require_known(name, each, known)
    return tuple(found)


def _one(said: Mapping[str, Any], name: str, known: tuple[Any, ...]) -> Any:
    """One entry, which must be known; the first of `known` where none is given."""
    found = said.get(name, known[0])
    _require_known(name, found, known)
    return found


def _require_known(name: str, found: object, known: tuple[Any, ...]) -> None:
    # True equals 1, and neither is the other.
    if not any(type(found) is type(each) and found == each for each in known):
        raise _unknown(name, found, f"one of {', '.join(map(str, known))}")


def _unknown(name: str, found: object, wanted: str) -> AdapterError:
    return AdapterError(
        f"the kernel declares {name} = {reprlib.repr(found)}, {wanted} was wanted. "
        "Declare what it takes, or leave the entry out."
    )
