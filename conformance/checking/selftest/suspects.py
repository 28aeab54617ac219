"""What an adapter's mistakes would have given: arguments that are lost, swapped, fixed or stale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.arrays import INPUT_NAMES, RUNNING
from conformance.case import Actual, Dialect, Inputs
from conformance.faults.sheet import in_dialect, kernel

_MOMENTA = (0.1, 0.9, 0.01, 0.99)
_USUAL_EPS = (0.0, 1e-5, 1e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A mistake, and what a call would have given with it.

    Attributes:
        name: What it is, in a few words.
        seen: What an output is that shows it, to follow "y is ...".
        look: What to look at.
        predicted: Outputs in float64.
        alone: Whether the adapter can make it in one output while y is right.
    """

    name: str
    seen: str
    look: str
    predicted: Actual
    alone: bool = False


def right(dialect: Dialect) -> Callable[[Inputs], Actual]:
    """The kernel that makes no mistake, in a dialect."""
    return kernel(in_dialect(dialect, {}), wide=True)


def suspects(inputs: Inputs, dialect: Dialect, earlier: Inputs | None) -> Iterator[Suspect]:
    """The mistakes with arguments that this call can show, the likeliest first.

    Args:
        inputs: The call.
        dialect: The conventions that are declared.
        earlier: The call before it, whose arguments may have been kept.
    """
    run = right(dialect)
    for name, seen, look, call in (
        *_modes(inputs),
        *_lost(inputs),
        *_fixed(inputs),
        *_upstream(inputs),
        *_stale(inputs, earlier),
    ):
        yield Suspect(name=name, seen=seen, look=look, predicted=run(call))
    yield from _running(inputs, run)


_Changed = tuple[str, str, str, Inputs]


def _modes(inputs: Inputs) -> Iterator[_Changed]:
    if inputs.running_mean is None:
        return
    other = replace(inputs, training=not inputs.training)
    look = "Look at how Inputs.training reaches the framework"
    if inputs.training:
        yield ("always test mode", "normalized by the running statistics in training", look, other)
    else:
        yield ("always training", "normalized by the batch's statistics in test mode", look, other)


def _lost(inputs: Inputs) -> Iterator[_Changed]:
    gamma, beta = inputs.gamma, inputs.beta
    for name, value in (("gamma", 1.0), ("beta", 0.0)):
        given = getattr(inputs, name)
        if given is not None:
            look = f"Look at where Inputs.{name} is handed over"
            changed = replace(inputs, **{name: np.full_like(given, value)})
            yield (f"{name} ignored", f"what {name} = {value:g} gives", look, changed)
    if gamma is None:
        zeros = np.zeros(inputs.channel_shape, inputs.parameter_dtype)
        look = "Where Inputs.gamma is None it counts as 1"
        yield ("absent gamma", "what gamma = 0 gives", look, replace(inputs, gamma=zeros))
    if gamma is not None and beta is not None:
        look = "Look at the order in which gamma and beta are handed over"
        swapped = replace(inputs, gamma=beta, beta=gamma)
        yield ("gamma and beta swapped", "what they give in each other's place", look, swapped)
    mean, var = inputs.running_mean, inputs.running_var
    if mean is not None and var is not None:
        look = "Look at where Inputs.running_mean and Inputs.running_var are handed over"
        fresh = replace(inputs, running_mean=np.zeros_like(mean), running_var=np.ones_like(var))
        yield ("running statistics ignored", "what those of a fresh layer give", look, fresh)
        mixed = replace(inputs, running_mean=var, running_var=mean)
        yield ("running_mean and running_var swapped", "what they give swapped", look, mixed)


def _fixed(inputs: Inputs) -> Iterator[_Changed]:
    look = "Look at where Inputs.eps is handed over"
    for eps in _USUAL_EPS:
        seen = f"what eps = {eps:g} gives, and not {inputs.eps:g}"
        yield ("eps dropped", seen, look, replace(inputs, eps=eps))
    if not inputs.training or inputs.running_mean is None:
        return
    m = inputs.momentum
    look = (
        "Inputs.momentum weights the new value: a framework whose momentum weights the old one is "
        'given 1 - momentum, whatever Dialect(momentum="old") declares'
    )
    swapped = replace(inputs, momentum=1 - m)
    yield ("momentum swapped", f"what a weight of {1 - m:g} of the new value gives", look, swapped)
    look = "Look at where Inputs.momentum is handed over"
    for fixed in _MOMENTA:
        seen = f"what momentum = {fixed:g} gives, and not {m:g}"
        yield (f"momentum fixed at {fixed:g}", seen, look, replace(inputs, momentum=fixed))
    look = "Return what the framework kept after the call"
    whole, none = replace(inputs, momentum=1.0), replace(inputs, momentum=0.0)
    yield ("running statistics overwritten", "what the batch alone gives", look, whole)
    yield ("running statistics not updated", "what it was before the call", look, none)


def _upstream(inputs: Inputs) -> Iterator[_Changed]:
    dy = inputs.dy
    if dy is None:
        return
    look = "Look at where Inputs.dy meets y: the gradients are those of sum(y * dy)"
    ones = np.ones_like(dy)
    yield ("dy ignored", "the gradient of sum(y)", look, replace(inputs, dy=ones))
    part = np.asarray(ones, np.float64) / dy.size
    yield ("dy ignored", "the gradient of mean(y)", look, replace(inputs, dy=part))
    yield ("dy ignored", "zero", look, replace(inputs, dy=np.zeros_like(dy)))
    averaged = np.asarray(dy, np.float64) / dy.size
    yield ("dy averaged", "the gradient of mean(y * dy)", look, replace(inputs, dy=averaged))


def _stale(inputs: Inputs, earlier: Inputs | None) -> Iterator[_Changed]:
    if earlier is None or earlier.x.shape != inputs.x.shape or earlier.axis != inputs.axis:
        return
    look = "Look at what is kept between calls: a compiled program, a layer, a closure"
    for name in (*INPUT_NAMES, "eps", "momentum"):
        kept: Any = getattr(earlier, name)
        now: Any = getattr(inputs, name)
        if kept is not None and now is not None and not np.array_equal(kept, now):
            changed = replace(inputs, **{name: kept})
            yield (f"{name} of an earlier call", f"what the {name} before it gives", look, changed)


def _running(inputs: Inputs, run: Callable[[Inputs], Actual]) -> Iterator[Suspect]:
    """Running statistics that change in test mode, while y is right."""
    if inputs.training or inputs.running_mean is None:
        return
    updated = run(replace(inputs, training=True))
    yield Suspect(
        name="test mode updates the running statistics",
        seen="what training makes of it",
        look="Look at how Inputs.training reaches the framework, and at what is returned",
        predicted={name: updated[name] for name in RUNNING},
    )
