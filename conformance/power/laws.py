"""Laws that relate calls of one kernel to each other: checks that need no expected value.

Powers of two and signs commute with every rounding, so those laws hold bit for bit for every
honest algorithm, as long as nothing leaves the normal numbers.  A change in the order of the
values does not (Welford's update rounds each step), so those laws hold within twice the bound of
`conformance.oracle.bounds`, which needs no expected value either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from conformance.arrays import GRADIENTS, LIKE_X, OUTPUT_NAMES, PER_CHANNEL
from conformance.case import LIMIT, Actual, Array, Inputs, Kernel, Outputs
from conformance.float_types import finfo
from conformance.oracle.arithmetic import arithmetic
from conformance.oracle.bounds import is_gradable, scales, units
from conformance.oracle.channels import from_channels, is_empty, mask_along
from conformance.oracle.sequential.losses import Class, losses
from conformance.oracle.sequential.sums import Lost

_SMALL, _LARGE = 2.0**-20, 2.0**30
"""Magnitudes between which no scaling below leaves the normal numbers of float32."""

_Bools: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """An element that breaks a law."""

    law: str
    output: str
    index: tuple[int, ...]
    actual: float
    wanted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """One relation between calls.

    Attributes:
        name: Short name, unique.
        about: The relation, in a sentence.
        check: Calls the kernel and yields the outputs that break it; nothing where the inputs
            are not ones that it holds for.
    """

    name: str
    about: str
    check: Callable[[Kernel, Inputs], Iterator[Breach]]


def broken(kernel: Kernel, inputs: Inputs) -> list[Breach]:
    """Every law that a kernel breaks on one call's inputs.

    Args:
        kernel: What to check; what it leaves out is not held against it.
        inputs: A call; its earlier batches are not used.

    Raises:
        Exception: whatever the kernel raises.
    """
    alone = replace(inputs, earlier=())
    return [breach for law in LAWS for breach in law.check(kernel, alone)]


def _asked(kernel: Kernel, inputs: Inputs) -> Actual:
    """What a kernel returns, without what has a wrong shape: a law says nothing about shapes."""
    wanted = {name: inputs.shape_of(name) for name in OUTPUT_NAMES}
    return {name: v for name, v in kernel(inputs).items() if np.shape(v) == wanted.get(name)}


def _scaled(name: str, k: int, sign: float, powers: Mapping[str, tuple[int, bool]]) -> Law:
    """Arguments and outputs times ``sign 2^k`` to the power that `powers` gives each.

    The flag tells whether the sign goes with it; what is not named stays as it is.
    """

    def factor(of: str) -> float:
        power, signed = powers.get(of, (0, False))
        return float((sign if signed else 1.0) * 2.0 ** (k * power))

    def check(kernel: Kernel, inputs: Inputs) -> Iterator[Breach]:
        needed = [given for given in ("gamma", "dy") if f"given {given}" in powers]
        if any(getattr(inputs, given) is None for given in needed):
            return
        changed = _multiplied(inputs, factor)
        if changed is None:
            return
        first, second = _asked(kernel, inputs), _asked(kernel, changed)
        for output in _shared(first, second):
            wanted = _wide(first[output]) * factor(output)
            differs = _differs(second[output], wanted) & _normal(second[output], wanted)
            yield from _breaches(name, output, differs, second[output], wanted)

    moved = ", ".join(n for n in powers if n not in OUTPUT_NAMES)
    return Law(
        name=name, about=f"{moved} times {sign * 2.0**k:g}: powers of it alone.", check=check
    )


def _multiplied(inputs: Inputs, factor: Callable[[str], float]) -> Inputs | None:
    """The scaled call; None where something is not a normal number or would not stay one."""
    arrays: dict[str, Any] = {}
    for name, given in inputs.given().items():
        wide = np.asarray(given, dtype=np.float64)
        size = np.abs(wide[wide != 0])
        if not ((size >= _SMALL) & (size <= _LARGE)).all():
            return None
        # Running statistics of both kinds share a name with outputs: arguments are "given".
        arrays[name] = (wide * factor(f"given {name}")).astype(given.dtype)
        if not np.array_equal(arrays[name].astype(np.float64), wide * factor(f"given {name}")):
            return None
    if not _SMALL**3 <= inputs.eps <= _LARGE:
        return None
    return replace(inputs, eps=inputs.eps * factor("given eps"), **arrays)


def _permuted(kernel: Kernel, inputs: Inputs) -> Iterator[Breach]:
    axis = next(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    order = np.roll(np.arange(inputs.x.shape[axis])[::-1], 1)

    def mixed(array: Array | None) -> Array | None:
        return None if array is None else np.take(array, order, axis=axis)

    mask = mask_along(inputs, axis, lambda mask: np.take(mask, order, axis=axis))
    x = np.take(inputs.x, order, axis=axis)
    changed = replace(inputs, x=x, dy=mixed(inputs.dy), mask=mask)
    first, second = _asked(kernel, inputs), _asked(kernel, changed)
    moved = {n: np.take(v, order, axis) if n in LIKE_X else v for n, v in first.items()}
    yield from _within("permutation", changed, second, moved)


def _split(kernel: Kernel, inputs: Inputs) -> Iterator[Breach]:
    if isinstance(inputs.axis, tuple) or inputs.channel_shape[0] < 2:  # noqa: PLR2004 - two halves
        return
    axis, C = inputs.channel_axes[0], inputs.channel_shape[0]
    whole = _asked(kernel, inputs)
    for part in (np.arange(C // 2), np.arange(C // 2, C)):

        def some(array: Array | None, along: int, part: npt.NDArray[np.int64] = part) -> Any:
            return None if array is None else np.ascontiguousarray(np.take(array, part, along))

        alone = replace(
            inputs,
            x=some(inputs.x, axis),
            dy=some(inputs.dy, axis),
            mask=mask_along(inputs, axis, partial(some, along=axis)),
            **{name: some(getattr(inputs, name), 0) for name in PER_CHANNEL},
        )
        wanted = {n: some(v, axis if n in LIKE_X else 0) for n, v in whole.items()}
        yield from _within("channel split", alone, _asked(kernel, alone), wanted)


def _additive(kernel: Kernel, inputs: Inputs) -> Iterator[Breach]:
    if inputs.dy is None:
        return
    mask = (np.arange(inputs.dy.size) % 3 == 0).reshape(inputs.dy.shape)
    zero = np.zeros_like(inputs.dy)
    one, other = (replace(inputs, dy=np.where(m, inputs.dy, zero)) for m in (mask, ~mask))
    whole, first, second = (_asked(kernel, call) for call in (inputs, one, other))
    gradients = [n for n in _shared(first, second) if n in GRADIENTS]
    sums = {n: _wide(first[n]) + _wide(second[n]) for n in gradients}
    yield from _within(
        "additivity in dy", inputs, whole, sums, beside=((one, first), (other, second))
    )


def _repeated(kernel: Kernel, inputs: Inputs) -> Iterator[Breach]:
    first = _asked(kernel, inputs)
    kept = {name: np.array(value) for name, value in first.items()}
    second = _asked(kernel, inputs)
    for output in _shared(kept, second):
        for again in (second[output], first[output]):
            differs = _differs(again, kept[output])
            yield from _breaches("repetition", output, differs, again, kept[output])


def _within(
    law: str,
    inputs: Inputs,
    actual: Actual,
    wanted: Actual,
    beside: tuple[tuple[Inputs, Actual], ...] = (),
) -> Iterator[Breach]:
    """Answers of one kernel to one question: each within its bound of the exact one.

    Args:
        law: Its name.
        inputs: The question.
        actual: One answer.
        wanted: Another, and as exact.
        beside: Further calls whose errors are in `wanted`.
    """
    if is_empty(inputs) or not is_gradable(inputs):
        return
    calls = [(inputs, actual), *beside]
    bounds = [_bounds(*call) for call in calls]
    for output in _shared(actual, wanted):
        if not all(output in found for found in bounds):
            continue
        other = _wide(wanted[output])
        bound = 2 * np.sum([found[output] for found in bounds], axis=0)
        differs = _is_beyond(actual[output], other, bound)
        if differs.any():  # only then are the sums looked at, which takes its time
            bound = bound + 2 * np.sum([_lost(asked, output) for asked, _ in calls], axis=0)
            differs = _is_beyond(actual[output], other, bound)
        yield from _breaches(law, output, differs, actual[output], other)


def _is_beyond(actual: Array, other: Array, bound: Array) -> _Bools:
    with np.errstate(all="ignore"):
        near = np.abs(_wide(actual) - other) <= bound
        return np.asarray(~near & np.isfinite(bound + other), dtype=np.bool_)


def _bounds(inputs: Inputs, answer: Actual) -> dict[str, Array]:
    """How far each output may be from exact (grade A), judged by the answer itself."""
    own = {name: _wide(value) for name, value in answer.items()}
    sizes = scales(inputs, Outputs(**own))
    with np.errstate(all="ignore"):
        return {
            name: LIMIT * units(inputs, value, sizes[name], answer[name].dtype)
            for name, value in own.items()
            if name in sizes and value.shape == sizes[name].shape
        }


def _lost(inputs: Inputs, output: str) -> Array:
    """What sums one after the other lose beyond that (grade B), of the output's shape."""
    plain = Lost(arithmetic(inputs).bits)
    rows = np.arange(int(np.prod(inputs.channel_shape)))
    lost = losses(inputs, rows, Class(plain=plain, scaled=plain)).of[output]
    if output in LIKE_X:
        return from_channels(lost, inputs)
    return lost.reshape(inputs.channel_shape)


def _wide(values: Array) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _shared(first: Actual, second: Actual) -> list[str]:
    same = (n for n in OUTPUT_NAMES if n in first and n in second)
    return [n for n in same if np.shape(first[n]) == np.shape(second[n])]


def _differs(actual: Array, wanted: Array) -> _Bools:
    got, right = _wide(actual), _wide(wanted)
    return np.asarray(~((got == right) | (np.isnan(got) & np.isnan(right))), dtype=np.bool_)


def _normal(actual: Array, wanted: Array) -> _Bools:
    """Where neither value lies at an end of the type: there, scaling rounds."""
    info = finfo(actual.dtype)
    low, high = 2.0**12 * float(info.tiny), float(info.max) / 2.0**12
    sizes = (np.abs(_wide(v)) for v in (actual, wanted))
    one, other = ((size == 0) | (size > low) & (size < high) for size in sizes)
    return np.asarray(one & other, dtype=np.bool_)


def _breaches(
    law: str, output: str, differs: _Bools, actual: Array, wanted: Array
) -> Iterator[Breach]:
    if differs.any():
        index = tuple(int(i) for i in np.argwhere(differs)[0])
        got, right = float(actual[index]), float(wanted[index])
        yield Breach(law=law, output=output, index=index, actual=got, wanted=right)


_X = {
    **{f"given {name}": (1, True) for name in ("x", "running_mean")},
    **{f"given {name}": (2, False) for name in ("running_var", "eps")},
    **dict.fromkeys(("mean", "running_mean"), (1, True)),
    **dict.fromkeys(("var", "running_var"), (2, False)),
    "inv_std": (-1, False),
}
_DY = dict.fromkeys(("given dy", "dx", "dgamma", "dbeta"), (1, True))
_AFFINE = dict.fromkeys(("given gamma", "given beta", "y", "dx"), (1, True))

LAWS = (
    _scaled("x by powers of two", 3, 1.0, {**_X, "dx": (-1, False)}),
    _scaled("x by small powers of two", -5, 1.0, {**_X, "dx": (-1, False)}),
    _scaled(
        "sign of x", 0, -1.0, {**_X, "given gamma": (1, True), "dx": (0, True), "dgamma": (0, True)}
    ),
    _scaled("dy by powers of two", 4, -1.0, _DY),
    _scaled("gamma and beta by powers of two", 2, -1.0, _AFFINE),
    Law(
        name="permutation",
        about="The batch in another order: y and dx in that order, all else the same.",
        check=_permuted,
    ),
    Law(
        name="channel split",
        about="Half of the channels alone: the same as within all of them.",
        check=_split,
    ),
    Law(
        name="additivity in dy",
        about="dy as a sum of two: dx, dgamma and dbeta are the sums of theirs.",
        check=_additive,
    ),
    Law(
        name="repetition",
        about="The same call twice: the same bits, and those of the first call unchanged.",
        check=_repeated,
    ),
)
"""Every law."""
