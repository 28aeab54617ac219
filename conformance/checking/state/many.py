"""All that is asked of a kernel to see what it carries from call to call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.checking.state import alone, later, leaves
from conformance.checking.state.found import State
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried


def state(
    trial: Trial,
    ran: Sequence[Tried],
    seed: str,
    start: Callable[[], Trial],
    *,
    draws: bool,
    tier: str,
) -> State:
    """Ask cases again, and calls of their shapes; look into what differs.

    Args:
        trial: The kernel, in the process that answered all cases.
        ran: What it answered, in that order.
        seed: What is drawn from.
        start: Makes a trial of the same kernel in a new process.
        draws: Whether calls may be asked that are no cases.
        tier: How many cases are asked again.
    """
    found = alone.dependences(ran, start)
    more = later.ask(trial, ran, seed, start, draws=draws, tier=tier)
    frozen = leaves.ask(trial, later.right(ran)) if draws else ()
    return State(
        seed=seed,
        again=more.again,
        changed=more.changed,
        found=(*found, *more.found, *frozen),
    )
