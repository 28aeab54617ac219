"""A failing call made small: one channel, few values, plain parameters; it still fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from math import prod
from typing import Any

import numpy as np

from conformance.adapter import mask_kind
from conformance.arrays import GRADIENTS, LIKE_X, RUNNING
from conformance.case import Array, Case, Dialect, Inputs
from conformance.harness.session import Session
from conformance.report.bugs.failure import Failure, failures
from conformance.report.bugs.fairness import is_fair, posed, right
from conformance.report.bugs.likeness import CLEAR, is_alike, is_seen_as_before

SECONDS = 60.0
"""How long shrinking goes on looking for less."""

_FEW = 256
"""Up to how many values per channel every correct algorithm is asked at each step."""

_LOST = 4
"""Of a failure that was not so far off this part of the error remains."""

_MANY = 8
"""More values per channel than this are not left for the sake of more clearness than ..."""

_CONTENT = 64.0
"""... error units, four times the bound."""

_USUAL: Mapping[str, Any] = {
    field.name: field.default for field in fields(Inputs) if field.name in {"eps", "momentum"}
}


class Asking:
    """One path in its worker, one output of it."""

    def __init__(self, session: Session, path: str, dialect: Dialect, output: str) -> None:
        """Prepare; nothing is asked yet."""
        self._session, self._path, self._dialect = session, path, dialect
        self.output = output

    def __call__(self, case: Case) -> Failure | None:
        """The failure on a case, if it is one."""
        answer = self._session.run(self._path, case)
        return failures(case, self._dialect, answer).get(self.output)


def shrink(ask: Asking, failure: Failure, *, seconds: float = SECONDS) -> Failure:
    """The smallest call found that fails as this one does, and that correct code gets right.

    A failure that is far off stays far off, so that nobody takes it for a matter of rounding,
    unless that needs many values.

    Args:
        ask: Asks the path.
        failure: What to start from.
        seconds: How long to look.
    """
    work = _Work(ask, failure, seconds)
    for simpler in (_plain, _one_channel, _less, _rows, _pixels):
        work.take(simpler)
    work.cut()
    if work.failure.case.inputs.count > _MANY:
        work.settle()
        work.cut()
    for simpler in (_one_channel, _less):
        work.take(simpler)
    found = work.failure
    unproven = found is not failure and found.case.inputs.count > _FEW
    return _shown(ask, failure if unproven and not work.is_fair(found) else found)


def _shown(ask: Asking, found: Failure) -> Failure:
    """A failure, by an output whose program fails too.

    Where nothing came of a call, any output stands for it; if it is its gradients that fail, a
    program that prints y does not.
    """
    inputs = found.case.inputs
    if found.answer.outputs or inputs.dy is None or found.output in GRADIENTS:
        return found
    case = posed(found.case.problem, replace(inputs, dy=None))
    without = None if case is None else ask(case)
    if without is not None and without.result.status == found.result.status:
        return without
    return replace(found, output="dx")


class _Work:
    """The smallest failure so far."""

    def __init__(self, ask: Asking, failure: Failure, seconds: float) -> None:
        self._ask, self._first, self.failure = ask, failure, failure
        self._least = min(_size(failure) / _LOST, CLEAR)
        self._owed = right(failure.case, failure.output) if failure.edges else None
        self._until = time.monotonic() + seconds

    def take(self, simpler: Callable[[Failure], Iterator[Inputs]]) -> None:
        """Go over to simpler calls as long as one still fails."""
        while any(self._try(inputs) for inputs in simpler(self.failure)):
            continue

    def settle(self) -> None:
        """Be content from now on with what fails less clearly."""
        self._least = min(self._least, _CONTENT)

    def is_fair(self, found: Failure) -> bool:
        """Whether every algorithm that is right on the first call is right on this one."""
        return is_fair(found.case, found.output, self._owed)

    def cut(self) -> None:
        """Leave out values, then channels: halves of an axis first, then ever smaller parts."""
        channels = self._inputs.channel_axes
        for axis in (*(a for a in range(self._inputs.x.ndim) if a not in channels), *channels):
            self._cut(axis)

    def _cut(self, axis: int) -> None:
        part = self._inputs.x.shape[axis] // 2
        while part:
            start, went = 0, False
            while start < self._inputs.x.shape[axis]:
                rest = np.delete(np.arange(self._inputs.x.shape[axis]), slice(start, start + part))
                if rest.size and self._try(_taken(self._inputs, axis, rest)):
                    went = True
                else:
                    start += part
            part = part if went and part == 1 else part // 2

    @property
    def _inputs(self) -> Inputs:
        return self.failure.case.inputs

    def _try(self, inputs: Inputs) -> bool:
        is_late = time.monotonic() > self._until
        if is_late or not is_alike(self._first.case.inputs, inputs, self.failure.output):
            return False
        case = posed(self.failure.case.problem, inputs)
        found = None if case is None else self._ask(case)
        if found is None or found.result.status != self.failure.result.status:
            return False
        if _size(found) < self._least or not is_seen_as_before(self._first, found):
            return False
        if inputs.count <= _FEW and not self.is_fair(found):
            return False
        self.failure = found
        return True


def _size(failure: Failure) -> float:
    """How far off it is, in error units."""
    units = failure.result.units
    return float("inf") if units is None else units


def _plain(failure: Failure) -> Iterator[Inputs]:
    """Contiguous, and without the batches before."""
    inputs = failure.case.inputs
    if inputs.memory != "contiguous":
        yield replace(inputs, memory="contiguous")
    if inputs.earlier:
        yield replace(inputs, earlier=(), memory="contiguous")


def _one_channel(failure: Failure) -> Iterator[Inputs]:
    """The channel of the worst element alone, or that of the largest error."""
    inputs, worst = failure.case.inputs, failure.result.worst
    if prod(inputs.channel_shape) < 2:  # noqa: PLR2004 - nothing to choose from
        return
    yield _channel(inputs, worst.index if worst is not None else (0,) * len(inputs.channel_shape))
    if failure.place is not None:
        yield _channel(inputs, failure.place)


def _channel(inputs: Inputs, at: tuple[int, ...]) -> Inputs:
    """One channel alone: that of an element of x, or of a parameter."""
    chosen = [at[a] for a in inputs.channel_axes] if len(at) == inputs.x.ndim else list(at)
    for place, axis in enumerate(inputs.channel_axes):
        inputs = _taken(inputs, axis, np.array([chosen[place]]))
    return inputs


def _less(failure: Failure) -> Iterator[Inputs]:
    """Without arrays that the output does not need, and with parameters that change nothing."""
    inputs, output = failure.case.inputs, failure.output
    if inputs.dy is not None and output not in GRADIENTS:
        yield replace(inputs, dy=None)
    if inputs.training and inputs.running_mean is not None and output not in RUNNING:
        yield replace(inputs, running_mean=None, running_var=None)
    both = inputs.gamma is not None and inputs.beta is not None
    if both and output not in {"dgamma", "dbeta"}:
        yield replace(inputs, gamma=None, beta=None)  # a layer may have both or neither
    for name, value in (("gamma", 1.0), ("beta", 0.0)):
        given: Array | None = getattr(inputs, name)
        if given is not None and output != f"d{name}":
            yield _with(inputs, name, None)
        if given is not None and bool((given != value).any()):
            yield _with(inputs, name, np.full_like(given, value))
    for name in ("eps", "momentum"):
        usual = _usual(inputs, name)
        if getattr(inputs, name) != usual:
            yield _with(inputs, name, usual)


def _usual(inputs: Inputs, name: str) -> float:
    """The usual eps or momentum, in float32 where that of the call fits in it.

    A framework that keeps it in float32 would be wrong with the usual one alone.
    """
    given, usual = float(getattr(inputs, name)), float(_USUAL[name])
    narrow = inputs.x.dtype == np.float64 and float(np.float32(given)) == given
    return float(np.float32(usual)) if narrow else usual


def _with(inputs: Inputs, name: str, value: Any) -> Inputs:
    changes: dict[str, Any] = {name: value}
    return replace(inputs, **changes)


def _rows(failure: Failure) -> Iterator[Inputs]:
    """The same values as a matrix with a column per channel."""
    inputs = failure.case.inputs
    if inputs.x.ndim > 2 or inputs.channel_axes != (1,):  # noqa: PLR2004 - it is one already
        yield _shaped(inputs, ())


def _pixels(failure: Failure) -> Iterator[Inputs]:
    """The same values as images of one pixel, where a path takes no matrix."""
    inputs = failure.case.inputs
    if inputs.x.ndim > 2 and inputs.x.shape[2:] != (1, 1):  # noqa: PLR2004 - as above
        yield _shaped(inputs, (1, 1))


def _shaped(inputs: Inputs, spatial: tuple[int, ...]) -> Inputs:
    """Every value of a channel along the first axis, all channels along the second."""
    channels = prod(inputs.channel_shape)
    rest = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)

    def image(values: Array) -> Array:
        moved = values.transpose(*rest, *inputs.channel_axes)
        return np.ascontiguousarray(moved.reshape(-1, channels, *spatial))

    return _mapped(inputs, image, lambda values: values.reshape(channels), axis=1)


def _taken(inputs: Inputs, axis: int, kept: Array) -> Inputs:
    """Some positions along an axis alone, parameters included where it is a channel axis."""
    place = inputs.channel_axes.index(axis) if axis in inputs.channel_axes else None

    def parameter(values: Array) -> Array:
        return values if place is None else np.take(values, kept, axis=place)

    return _mapped(inputs, lambda values: np.take(values, kept, axis=axis), parameter)


def _mapped(
    inputs: Inputs,
    image: Callable[[Array], Array],
    parameter: Callable[[Array], Array],
    **changes: Any,
) -> Inputs:
    found: dict[str, Any] = {
        name: image(array) if name in LIKE_X else parameter(array)
        for name, array in inputs.given().items()
    }
    earlier = tuple(image(batch) for batch in inputs.earlier)
    mapped = replace(inputs, earlier=earlier, mask=None, **found, **changes)
    return mapped if inputs.mask is None else replace(mapped, mask=_mask(inputs, image, mapped))


def _mask(inputs: Inputs, image: Callable[[Array], Array], mapped: Inputs) -> Array:
    """The mask of what is left: one for all channels where it was that."""
    assert inputs.mask is not None  # noqa: S101 - the caller looked
    whole = image(np.broadcast_to(inputs.mask, inputs.x.shape))
    if mask_kind(inputs) == "values":
        return whole
    axes = mapped.channel_axes
    return whole[tuple(slice(1) if a in axes else slice(None) for a in range(whole.ndim))]
