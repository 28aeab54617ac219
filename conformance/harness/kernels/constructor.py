"""What the constructor of a layer class takes, and what it is given of that."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from conformance.errors import Unsupported

_OF_BASES: Mapping[str, frozenset[str]] = {"Layer": frozenset({"dtype"})}
"""Bases of a framework, and what their constructors take that is of use here."""


_SEVERAL = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def accepted(layer_class: Any) -> frozenset[str]:
    """The options that a constructor takes, with those that it passes on to its bases."""
    listed = _listed(layer_class)
    plain = frozenset(p.name for p in listed if p.kind not in _SEVERAL)
    if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in listed):
        return plain
    base = _base(layer_class)
    if base is object or base.__name__ in _OF_BASES:
        return plain | _OF_BASES.get(base.__name__, frozenset())
    return plain | accepted(base)


def asked(layer_class: Any, known: Collection[str]) -> list[str]:
    """What a constructor must be given beside what is known, itself or else by its bases."""
    listed = _listed(layer_class)
    plain = (p for p in listed if p.kind not in _SEVERAL and p.default is inspect.Parameter.empty)
    strangers = [p.name for p in plain if p.name not in known]
    passes_on = any(p.kind in _SEVERAL for p in listed)
    if strangers or not passes_on or layer_class is object:
        return strangers
    return asked(_base(layer_class), known)


def _listed(layer_class: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(layer_class.__init__).parameters.values())[1:]


def _base(layer_class: Any) -> Any:
    """The next class whose constructor is another."""
    own = next((c for c in layer_class.__mro__ if "__init__" in vars(c)), object)
    later = layer_class.__mro__[layer_class.__mro__.index(own) + 1 :]
    return next((c for c in later if "__init__" in vars(c)), object)


def taken(
    options: Collection[str], absent: Mapping[str, str], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of some options that a constructor takes.

    Args:
        options: What it takes.
        absent: Options that say whether an array is there, to its name.
        wanted: All that it could be given.

    Raises:
        Unsupported: an array is not there, and the constructor cannot be told so.
    """
    for option, array in absent.items():
        if option not in options and not wanted[option]:
            raise Unsupported(f"the layer takes no {option}=False, and there is no {array}")
    return {name: value for name, value in wanted.items() if name in options}
