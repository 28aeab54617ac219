"""The quality of a kernel that fails nothing: what the cases cannot tell, from calls of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence

from conformance.arrays import RUNNING
from conformance.checking.options import Options
from conformance.checking.trial import Trial, Tried
from conformance.errors import AdapterError
from conformance.quality.battery import Frame
from conformance.quality.measure import Quality, measure
from conformance.verdict.record import COMPARED, is_wrong

SECONDS = 60.0
"""How long the calls may take; a kernel that is compiled anew for each shape takes longer."""


def quality(trial: Trial, tried: Sequence[Tried], options: Options, seed: str) -> Quality | None:
    """Ask a kernel the batteries of the types in which it was compared.

    Args:
        trial: The kernel.
        tried: What came of the cases; they say what it takes.
        options: How it is checked; only a whole check of the full tier tells its quality.
        seed: What the calls are drawn from; empty where nothing is to be drawn.

    Returns:
        None where it is not a whole check, where an output is wrong, or where it answers no more.
    """
    is_whole = options.tier != "smoke" and options.cases is None and options.dtype is None
    wrong = any(is_wrong(o) for one in tried for o in one.result.outputs.values())
    if not (is_whole and seed) or wrong:
        return None
    has_momentum = "momentum" in trial.facts["takes"]
    until = time.monotonic() + SECONDS
    try:
        return measure(
            trial.ask,
            _frames(tried),
            f"{seed}/quality",
            trial.dialect,
            fitted=trial.fitted,
            # A momentum that is the same in all calls is off by the same part of a unit.
            leave_out=frozenset() if has_momentum else frozenset(RUNNING),
            go_on=lambda: time.monotonic() < until,
        )
    except AdapterError:
        return None


def _frames(tried: Sequence[Tried]) -> list[Frame]:
    """One for each combination of types, in the layout of the first case that was compared."""
    found: dict[str, Frame] = {}
    for one in tried:
        inputs, outputs = one.evidence.case.inputs, one.result.outputs
        compared = any(o.status in COMPARED for o in outputs.values())
        if compared and inputs.training and inputs.count and not isinstance(inputs.axis, tuple):
            frame = Frame(
                types=inputs.types,
                ndim=inputs.x.ndim,
                axis=inputs.channel_axes[0],
                gradients=inputs.dy is not None,
            )
            found.setdefault(inputs.types, frame)
    return list(found.values())
