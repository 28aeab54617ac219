"""Whether a smaller call fails as the first one does, or has a fault of its own.

A path that has two faults shows the second as soon as a call becomes small or plain enough: one
value per channel that is passed on unchanged, statistics in half precision once the float32
parameters are left out.  The report would show that one under the cause of the other.
"""

from __future__ import annotations

from conformance.case import Inputs
from conformance.report.bugs.failure import Failure

CLEAR = 160.0
"""Error units, ten times the bound: a failure that was far off stays at least this far off."""

_LOST = 4.0
"""An error that is seen stays at least this part of what it was, ..."""

PLAIN = 0.1
"""... or this part of the output."""

_GROWN = 64.0
"""An error that becomes more than this many times as visible has come from somewhere else."""


_TELLING = {"dx": 3}
"""Values per channel below which an output tells nothing: of two values dx cancels to 0. Else 2."""


def is_alike(first: Inputs, inputs: Inputs, output: str) -> bool:
    """Whether other inputs ask for the same arithmetic as the first ones.

    They have the same types, and so few values per channel that they are a question of their own
    only where those have no more.
    """
    if inputs.types != first.types:
        return False
    few = _TELLING.get(output, 2)
    return min(inputs.count, few) == min(first.count, few)


def is_seen_as_before(first: Failure, found: Failure) -> bool:
    """Whether an error is seen as well as that of the first call, and no other is seen.

    Edges that the first call does not pose are other questions.
    """
    if not set(found.edges) <= set(first.edges):
        return False
    return min(first.share / _LOST, PLAIN) <= found.share <= first.share * _GROWN
