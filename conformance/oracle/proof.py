"""An independent proof that the expected values of a case are the exact ones, rounded once.

The generator computes; this module only compares.  It shares no code with the generator, reads
nothing but the case, and uses other formulas: where the generator encloses a square root, the
proof squares (see `_proof_rounding`); where the generator sums powers, the proof sums deviations
(see `_proof_channel`).  So a value that both accept is wrong only if both are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Case, Inputs
from conformance.errors import InputError
from conformance.oracle._proof_channel import Answer, Channel, Setting
from conformance.oracle._proof_ieee import Extended, extended
from conformance.oracle._proof_rounding import (
    Brackets,
    FloatArray,
    Line,
    Wrong,
    brackets,
    misrounded,
)

_SIGNIFICANT_BITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
_LIKE_X = frozenset({"y", "dx"})
_GRADIENTS = frozenset({"dx", "dgamma", "dbeta"})
_RUNNING = frozenset({"running_mean", "running_var", "running_var_biased"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Disproof:
    """One stored value that is not the exact one, rounded once.

    Attributes:
        case: Id of the case.
        output: Name of the output, as in `conformance.case.Outputs`.
        index: Place of the value; empty where the whole array is at fault.
        stored: The value; NaN where the whole array is at fault.
        why: What is wrong with it, to be read after the value.
    """

    case: str
    output: str
    index: tuple[int, ...]
    stored: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What became of the values stored in one case.

    Attributes:
        case: Id of the case.
        proven: How many stored values are proven to be correctly rounded.
        disproofs: Those that are not, in the order of the outputs and channels.
    """

    case: str
    proven: int
    disproofs: tuple[Disproof, ...]


def prove(case: Case) -> Proof:
    """Prove every value stored in ``case.expected``; outputs that are absent need no proof.

    Args:
        case: Inputs of any rank, with values of binary64, binary32, binary16 or bfloat16.

    Returns:
        How many values are correctly rounded, and each one that is not.

    Raises:
        InputError: batch normalization is not defined on the inputs.
    """
    inputs = case.inputs
    _require_provable(inputs)
    stored = case.expected.items()
    disproofs: list[Disproof] = []
    sound: dict[str, Array] = {}
    due = _due(inputs)
    for name, array in stored.items():
        fault = _fault(name, array, inputs, due)
        if fault:
            disproofs.append(
                Disproof(case=case.id, output=name, index=(), stored=math.nan, why=fault)
            )
        else:
            sound[name] = array
    for name, channel, (i, why) in _wrong(inputs, sound):
        index = _index(name, channel, i, inputs)
        value = float(sound[name][index])
        disproofs.append(Disproof(case=case.id, output=name, index=index, stored=value, why=why))
    order = {name: i for i, name in enumerate(stored)}
    disproofs.sort(key=lambda d: order[d.output])
    values = sum(array.size for array in sound.values())
    pointwise = sum(d.output in sound for d in disproofs)
    return Proof(case=case.id, proven=values - pointwise, disproofs=tuple(disproofs))


def _due(inputs: Inputs) -> frozenset[str]:
    """The outputs that the definition gives a value."""
    due = {"y"}
    if inputs.dy is not None:
        due |= _GRADIENTS
    if inputs.count:
        due.add("inv_std")
    if inputs.training and inputs.count:
        due |= {"mean", "var"}
    if inputs.running_mean is not None:
        due |= _RUNNING
        if inputs.training and inputs.count == 1:
            due.remove("running_var")
    return frozenset(due)


def _fault(name: str, array: Array, inputs: Inputs, due: frozenset[str]) -> str:
    if name not in due:
        return "is stored, but has no value under these inputs. Store None."
    shape = inputs.x.shape if name in _LIKE_X else inputs.channel_shape
    if array.shape != shape:
        return f"has shape {array.shape}, {shape} was wanted. Store one value per place."
    if array.dtype != np.float64:
        return f"has dtype {array.dtype}, float64 was wanted. Store the values in float64."
    return ""


def _wrong(inputs: Inputs, stored: dict[str, Array]) -> Iterator[tuple[str, int, Wrong]]:
    """Output, channel, and place in the channel, of each value that is wrong."""
    rows = {name: brackets(_rows(name, array, inputs)) for name, array in stored.items()}
    for c, channel in enumerate(_channels(inputs)):
        for name, answer in _answers(channel, inputs, list(rows)).items():
            for wrong in _judge(answer, rows[name].at(c)):
                yield name, c, wrong


def _answers(channel: Channel, inputs: Inputs, names: list[str]) -> dict[str, Answer]:
    if inputs.count:
        return dict(channel.answers(names))
    kept = channel.answers([name for name in names if name in _RUNNING])
    return {name: Line.rational(0) for name in names if name in _GRADIENTS - _LIKE_X} | dict(kept)


def _judge(answer: Answer, row: Brackets) -> Iterator[Wrong]:
    if isinstance(answer, Line):
        yield from misrounded(answer, row)
        return
    for i, due in enumerate(answer):
        value = float(row.stored[i])
        if isinstance(due, Line):
            for _, why in misrounded(due, row.at(np.array([i]))):
                yield i, why
        elif not (value == due or (math.isnan(value) and math.isnan(due))):
            yield i, f"was to be {due!r}: that is what IEEE 754 makes of these inputs"


def _channels(inputs: Inputs) -> Iterator[Channel]:
    setting = Setting(
        count=inputs.count,
        bits=_SIGNIFICANT_BITS[inputs.x.dtype.name],
        training=inputs.training,
        eps=extended(float(inputs.eps)),
        momentum=extended(float(inputs.momentum)),
    )
    x = _rows("y", inputs.x, inputs)
    dy = np.empty((len(x), 0)) if inputs.dy is None else _rows("dx", inputs.dy, inputs)
    earlier = [_rows("y", batch, inputs) for batch in inputs.earlier]
    gamma, beta = _parameter(inputs.gamma, 1, inputs), _parameter(inputs.beta, 0, inputs)
    mean = _parameter(inputs.running_mean, 0, inputs)
    var = _parameter(inputs.running_var, 0, inputs)
    for c in range(len(x)):
        yield Channel(
            setting=setting,
            x=x[c],
            dy=dy[c],
            gamma=gamma[c],
            beta=beta[c],
            running_mean=mean[c],
            running_var=var[c],
            earlier=[batch[c] for batch in earlier],
        )


def _rows(name: str, array: Array, inputs: Inputs) -> FloatArray:
    """`array` as float64 with one row per channel; the conversion is exact."""
    if name not in _LIKE_X:
        return np.asarray(array, dtype=np.float64).reshape(-1, 1)
    first = np.moveaxis(array, inputs.channel_axes, range(len(inputs.channel_axes)))
    channels = math.prod(inputs.channel_shape)
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return first.reshape(channels, inputs.count).astype(np.float64)


def _parameter(array: Array | None, absent: int, inputs: Inputs) -> list[Extended]:
    if array is None:
        return [absent] * math.prod(inputs.channel_shape)
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return [extended(v) for v in array.astype(np.float64).ravel().tolist()]


def _index(name: str, channel: int, place: int, inputs: Inputs) -> tuple[int, ...]:
    """Where value `place` of `channel` stands in the output itself."""
    here = np.unravel_index(channel, inputs.channel_shape)
    if name not in _LIKE_X:
        return tuple(int(i) for i in here)
    axes = inputs.channel_axes
    others = [a for a in range(inputs.x.ndim) if a not in axes]
    there = np.unravel_index(place, [inputs.x.shape[a] for a in others]) if others else ()
    by_axis = dict(zip((*axes, *others), (*here, *there), strict=True))
    return tuple(int(by_axis[a]) for a in range(inputs.x.ndim))


def _require_provable(inputs: Inputs) -> None:
    """Refuse inputs on which the definition says nothing."""
    _check_axis(inputs)
    like_x = {"dy": inputs.dy}
    like_x |= {f"earlier[{i}]": batch for i, batch in enumerate(inputs.earlier)}
    for name, array in (("x", inputs.x), *like_x.items()):
        _check_array(name, array, inputs.x.shape)
        if array is not None and array.dtype.name != inputs.x.dtype.name:
            raise InputError(f"{name} is {array.dtype}, x is {inputs.x.dtype}. Use one type.")
    for name in ("gamma", "beta", "running_mean", "running_var"):
        _check_array(name, getattr(inputs, name), inputs.channel_shape)
    mean, var = inputs.running_mean is not None, inputs.running_var is not None
    if mean != var:
        raise InputError(
            f"running_mean is {'given' if mean else 'None'}, running_var is "
            f"{'given' if var else 'None'}. Give both or neither."
        )
    if not mean and not inputs.training:
        raise InputError(
            "training is False and running_mean is None. "
            "Test mode normalizes by running statistics: give both."
        )


def _check_axis(inputs: Inputs) -> None:
    axes = inputs.axis if isinstance(inputs.axis, tuple) else (inputs.axis,)
    rank = inputs.x.ndim
    outside = any(not -rank <= a < rank for a in axes)
    if not axes or outside or len(set(inputs.channel_axes)) != len(axes):
        raise InputError(
            f"axis is {inputs.axis!r}, x has {rank} axes. "
            "Name each channel axis once, between the first axis and the last."
        )


def _check_array(name: str, array: Array | None, shape: tuple[int, ...]) -> None:
    if array is None:
        return
    if array.shape != shape:
        raise InputError(
            f"{name} has shape {array.shape}, {shape} was wanted. Nothing is broadcast: reshape it."
        )
    if array.dtype.name not in _SIGNIFICANT_BITS:
        raise InputError(
            f"{name} is {array.dtype}, one of {', '.join(_SIGNIFICANT_BITS)} was wanted. "
            "Convert it to a binary float."
        )
