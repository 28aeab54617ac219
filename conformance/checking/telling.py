"""The quality of a kernel that fails nothing: what the cases cannot tell, from calls of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.arrays import RUNNING
from conformance.case import Actual, Inputs, Problem
from conformance.checking.options import Options
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.checking.within import GROUP
from conformance.errors import AdapterError, Unsupported
from conformance.float_types import NARROW
from conformance.harness import search_path
from conformance.harness.interrupted import was_interrupted
from conformance.verdict.record import COMPARED, COUNTED_APART, Status, is_wrong

if TYPE_CHECKING:
    from conformance.quality.battery import Frame
    from conformance.quality.measure import Quality

SECONDS = 60.0
"""How long the calls may take; a kernel that is compiled anew for each shape takes longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of the batteries.

    Attributes:
        quality: None where it was not asked for, or where an output is wrong.
        wrong: Calls that were answered wrongly or not at all: the kernel is wrong then.
    """

    quality: Quality | None = None
    wrong: tuple[Tried, ...] = ()


def quality(trial: Trial, tried: Sequence[Tried], options: Options, seed: str, again: str) -> Told:
    """Ask a kernel the batteries of the types in which it was compared.

    Args:
        trial: The kernel.
        tried: What came of the cases; they say what it takes.
        options: How it is checked; only a whole check of the full tier tells its quality.
        seed: What the calls are drawn from; empty where nothing is to be drawn.
        again: The command that repeats the check.
    """
    is_whole = options.tier != "smoke" and options.cases is None and options.dtype is None
    wrong = any(is_wrong(o) for one in tried for o in one.result.outputs.values())
    if not (is_whole and seed) or wrong:
        return Told()
    with search_path.neighbours_last():
        from conformance.quality.measure import measure  # noqa: PLC0415 - for a whole check alone
    has_momentum = "momentum" in trial.facts["takes"]
    until, asking = time.monotonic() + SECONDS, _Asking(trial, again)
    try:
        found = measure(
            asking,
            _frames(tried),
            f"{seed}/quality",
            trial.dialect,
            fitted=trial.fitted,
            # A momentum that is the same in all calls is off by the same part of a unit.
            leave_out=frozenset() if has_momentum else frozenset(RUNNING),
            go_on=lambda: time.monotonic() < until and not asking.wrong,
        )
    except AdapterError:
        found = None
    if not asking.wrong:
        return Told(quality=found)
    # What is known to fail may fail in calls that no list names.
    excused = any(o.status in COUNTED_APART for one in tried for o in one.result.outputs.values())
    return Told(wrong=() if excused else tuple(asking.wrong))


class _Asking:
    """Asks a call of a battery, and holds the answer against the bounds before it is measured."""

    def __init__(self, trial: Trial, again: str) -> None:
        self._trial, self._again, self._number = trial, again, 0
        self.wrong: list[Tried] = []

    def __call__(self, inputs: Inputs) -> Actual:
        self._number += 1
        problem = Problem(
            id=f"{GROUP}/quality-{self._number}",
            group=GROUP,
            catches="What the cases do not show, of which it was right.",
            made="drawn",
            inputs=inputs,
        )
        one = self._trial.tried(self._trial.unsolved(problem, None, self._again, repeat=False))
        statuses = {output.status for output in one.result.outputs.values()}
        if statuses <= {Status.UNSUPPORTED}:
            raise Unsupported("every output")
        if was_interrupted(one.result):
            raise AdapterError("the check was stopped")
        if any(map(is_wrong, one.result.outputs.values())):
            self.wrong.append(one)
        return one.evidence.actual


def _frames(tried: Sequence[Tried]) -> list[Frame]:
    """One for each combination of types, in the layout of the first case that was compared."""
    from conformance.quality.battery import Frame  # noqa: PLC0415 - loaded with what measures

    found: dict[str, Frame] = {}
    for one in tried:
        inputs, outputs = one.evidence.case.inputs, one.result.outputs
        compared = any(o.status in COMPARED for o in outputs.values())
        usual = not isinstance(inputs.axis, tuple) and inputs.types not in NARROW
        if compared and inputs.training and inputs.count and usual:
            frame = Frame(
                types=inputs.types,
                ndim=inputs.x.ndim,
                axis=inputs.channel_axes[0],
                gradients=inputs.dy is not None,
            )
            found.setdefault(inputs.types, frame)
    return list(found.values())
