"""All conventions of one path: which calls are made, in which order, and when that ends."""

from __future__ import annotations

from conformance.case import Dialect
from conformance.checking.conventions import halves, odd, ordinary, stated
from conformance.checking.conventions.asking import Asking, convention
from conformance.harness.column import Column
from conformance.harness.session import Session
from conformance.verdict.conventions import TITLES, Convention

MOST = 5.0
"""Seconds after which nothing more is asked: a path that compiles takes one or two for a call."""


def measure(session: Session, column: Column, seconds: float = MOST) -> dict[str, Convention]:
    """The conventions of a path, in the order of `conformance.verdict.conventions.TITLES`.

    What takes the most calls is asked last, where the time may be over.

    Args:
        session: Its worker, which has run its cases or nothing at all.
        column: The path.
        seconds: After which no further question is put.
    """
    found = _asked(Asking(session, column.path, seconds), column.dialect)
    return {name: found[name] for name in TITLES}


def _asked(asking: Asking, dialect: Dialect) -> dict[str, Convention]:
    told = asking.defaults()
    found = stated.defaults(told)
    call, why = ordinary.first(asking)
    if call is None:
        return dict.fromkeys(TITLES, convention(None, why)) | found
    untrained = convention(None, "no training call is answered")
    found |= dict.fromkeys(("running_var", "saved"), untrained) | ordinary.shown(call, dialect)
    handed = ordinary.handed_over(call, dialect) if call.inputs.training else untrained
    found["momentum"] = stated.weighted(told) or handed
    if found["momentum"].found == "none" and found["default_momentum"].found is None:
        found["default_momentum"] = convention("keeps none", found["momentum"].seen)
    found["one_value"] = odd.one_value(asking, call.inputs)
    found["nan"] = odd.nan(asking, call)
    found["empty"] = odd.empty(asking, call.inputs)
    found["half"] = halves.promotion(asking, call.inputs)
    return found
