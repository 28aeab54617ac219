"""What a framework does where a call says nothing, and what its own momentum then weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.checking.conventions.asking import convention
from conformance.harness.answer import Answer
from conformance.verdict.conventions import Convention

_AGREES = 1e-3
"""How far two weights may be apart that are the same number in another float type."""


def defaults(told: Mapping[str, Any] | Answer) -> dict[str, Convention]:
    """The defaults and whether a mask is taken, as the adapter finds them out."""
    if isinstance(told, Answer):
        why = convention(None, f"{told.status}: {told.reason}")
        return dict.fromkeys(("default_eps", "default_momentum", "mask"), why)
    known = {f"default_{name}": _default(told, name) for name in ("eps", "momentum")}
    if "takes_mask" not in told:
        return known | {"mask": convention("takes none", "its adapter knows of none")}
    takes = told["takes_mask"]
    return known | {"mask": convention("takes one" if takes else "takes none", _OF_THE_CALL)}


_OF_THE_CALL = "as its public call or layer says"


def _default(told: Mapping[str, Any], name: str) -> Convention:
    if name not in told:
        return convention(None, "its adapter does not tell")
    value = told[name]
    if value is None:
        return convention("must be told", "a call without it is none")
    return convention(f"{value:.6g}", _OF_THE_CALL)


def weighted(told: Mapping[str, Any] | Answer) -> Convention | None:
    """What the framework's own momentum weights, by a call that was left to its defaults.

    None where nothing was called, or a half weighs both alike.
    """
    if isinstance(told, Answer):
        return None
    momentum, weight = told.get("momentum"), told.get("new_weight")
    if momentum is None or weight is None or abs(2 * momentum - 1) <= 2 * _AGREES:
        return None
    seen = f"left to its default {momentum:.6g}, a call gave the new value the weight {weight:.3g}"
    for direction, given in (("new", momentum), ("old", 1 - momentum)):
        if abs(weight - given) <= _AGREES:
            return convention(direction, seen)
    return convention(None, f"{seen}, which is neither that nor 1 minus that")
