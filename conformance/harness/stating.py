"""What a framework does where a call says nothing, as an adapter finds it out: a bounded claim."""

from __future__ import annotations

import math
from typing import Any

from conformance.adapter import Path
from conformance.errors import AdapterError

_KINDS = {
    "eps": "a finite number, or None where a call must say it",
    "momentum": "a finite number, or None where a call must say it",
    "new_weight": "a finite number, or None where no call was made",
    "takes_mask": "True or False",
}
"""What `Path.defaults` may tell, and what each is."""


def defaults(path: Path) -> dict[str, Any]:
    """What `Path.defaults` tells, as JSON; nothing where a path has none.

    Raises:
        AdapterError: it tells something else than it may.
    """
    told = dict(path.defaults()) if path.defaults is not None else {}
    for name, value in told.items():
        if name not in _KINDS:
            raise AdapterError(
                f"the defaults of path {path.name!r} tell {name!r}, one of {', '.join(_KINDS)} was "
                "wanted. Rename it in Path.defaults."
            )
        if not _is(name, value):
            raise AdapterError(
                f"the defaults of path {path.name!r} tell {name} = {value!r}, {_KINDS[name]} was "
                "wanted. Convert it in Path.defaults."
            )
    return {name: told[name] for name in _KINDS if name in told}


def _is(name: str, value: object) -> bool:
    if name == "takes_mask":
        return isinstance(value, bool)
    if value is None:
        return True
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value)
