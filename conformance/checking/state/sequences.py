"""Sequences of calls on one instance of a module or layer, as data.

Each row is a sequence; each of its steps a word for how the call is made
(`conformance.harness.kernels.steps`), the mode, and which shape, batch and parameters it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from conformance.case import Array, Inputs
from conformance.checking.state.changed import CHANGES, samples_axis, scaled
from conformance.harness.kernels import steps

OWN = -1
"""That a step begins in the state that the step before it left."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        how: How the call is made.
        training: Training or test mode.
        wide: Whether the batch has twice as many examples.
        batch: Which values x and dy have, by number.
        parameters: Which parameters hold, by number; those of the step before unless the word of
            the step gives others.
        after: The step whose state this one begins in; `OWN` for the one before.
    """

    how: str = steps.CALL
    training: bool = True
    wide: bool = False
    batch: int = 0
    parameters: int = 0
    after: int = OWN


_TEST = Step(training=False)

SEQUENCES: Mapping[str, tuple[Step, ...]] = MappingProxyType(
    {
        "gradients at the last step": (
            *(Step(steps.FORWARD, batch=batch) for batch in (0, 1, 2)),
            Step(batch=3),
        ),
        "many steps": tuple(Step(batch=batch) for batch in (0, 1, 2, 3, 0)),
        "shapes that change and come back": (
            *(Step(), Step(wide=True, batch=1), Step(batch=2)),
            *(replace(_TEST, wide=True), _TEST, Step(batch=3)),
        ),
        "training and test mode in turn": (
            *(Step(), _TEST, Step(batch=1), replace(_TEST, batch=1)),
            *(Step(steps.NO_GRAD, batch=2), replace(_TEST, how=steps.NO_GRAD, batch=3)),
        ),
        "weights loaded between steps": (
            *(Step(), replace(_TEST, batch=1)),
            *(replace(_TEST, how=steps.LOAD, batch=1, parameters=1), Step(batch=2, parameters=1)),
            replace(_TEST, parameters=1),
        ),
        "weights replaced between steps": (
            *(_TEST, replace(_TEST, how=steps.ASSIGN, parameters=1)),
            *(replace(_TEST, how=steps.REPLACE, parameters=2), Step(batch=1, parameters=2)),
            Step(steps.ASSIGN, batch=1, parameters=3),
        ),
        "deepcopy": (
            *(Step(), Step(steps.DEEPCOPY, batch=1), replace(_TEST, batch=1)),
            replace(_TEST, how=steps.ORIGINAL, batch=1, after=0),
        ),
        "pickling": (
            *(Step(), Step(steps.PICKLE, batch=1), replace(_TEST, batch=1)),
            replace(_TEST, how=steps.ORIGINAL, batch=1, after=0),
        ),
        "clone": (
            *(Step(), Step(steps.CLONE, batch=1), replace(_TEST, batch=1)),
            replace(_TEST, how=steps.ORIGINAL, batch=1, after=0),
        ),
        "compiled and not in turn": (
            # The second compiled call runs no Python, so that nothing there empties a cache.
            *(Step(), Step(steps.COMPILED, batch=1), _TEST, Step(steps.COMPILED, batch=2)),
            *(replace(_TEST, batch=1), replace(_TEST, how=steps.COMPILED, batch=1)),
            *(Step(steps.COMPILED, wide=True), Step(batch=3)),
        ),
        "gradients accumulated over two backward passes": (
            *(Step(steps.ACCUMULATE), Step(batch=1)),
        ),
        "backward after another forward": (Step(steps.INTERLEAVED),),
        "frozen parameters": (Step(steps.FROZEN), Step(batch=1)),
        "hooks off": (Step(steps.UNHOOKED), replace(_TEST, how=steps.UNHOOKED, batch=1)),
        "cumulative average": (
            *(Step(steps.CUMULATIVE, batch=batch) for batch in (0, 1, 2)),
            replace(_TEST, how=steps.CUMULATIVE, batch=3),
            Step(steps.CUMULATIVE, batch=3),
        ),
        "recomputation": (Step(steps.CHECKPOINT), _TEST),
    }
)
"""Every sequence by its name."""


def inputs_of(base: Inputs, step: Step) -> Inputs:
    """The call of a step, but for the running statistics that hold then."""
    call = base
    for number in range(step.batch):
        call = CHANGES["other values of x and dy"](call) if number % 2 == 0 else _rolled(call)
    for _ in range(step.parameters):
        call = CHANGES["other parameters and running statistics"](call)
    if step.wide:
        dy = None if call.dy is None else _twice(call, call.dy)
        call = replace(call, x=_twice(call, call.x), dy=dy)
    is_forward = step.how in (steps.FORWARD, steps.NO_GRAD)
    return replace(call, training=step.training, dy=None if is_forward else call.dy)


def _rolled(call: Inputs) -> Inputs:
    """The values moved on by one, so that channels exchange some; halved again."""

    def moved(array: Array) -> Array:
        return scaled(np.roll(array.reshape(-1), 1), 0.5).reshape(array.shape)

    return replace(call, x=moved(call.x), dy=None if call.dy is None else moved(call.dy))


def _twice(call: Inputs, array: Array) -> Array:
    return np.concatenate([array, scaled(array, -2.0)], axis=samples_axis(call))
