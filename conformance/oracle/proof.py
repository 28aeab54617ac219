"""An independent proof that the expected values of a case are the exact ones, rounded once.

The generator computes; this module only compares.  It shares no code with the generator, reads
nothing but the case, and uses other formulas: where the generator encloses a square root, the
proof squares (see `_proof_rounding`); where the generator sums powers, the proof sums deviations
(see `_proof_channel`).  So a value that both accept is wrong only if both are.

Most values are proven before that by what they leave over in the equation that they solve, in
float64 with bounds of all errors (see `_proof_residual`); only acceptance is decided so, and what
is not accepted there is left to the squares.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Case, Inputs
from conformance.oracle._proof_block import misrounded_values
from conformance.oracle._proof_channel import Answer, Channel, Setting
from conformance.oracle._proof_ieee import extended
from conformance.oracle._proof_inputs import SIGNIFICANT_BITS, require_provable
from conformance.oracle._proof_quick import Rows, proven
from conformance.oracle._proof_residual import Mask
from conformance.oracle._proof_rounding import (
    FloatArray,
    Line,
    Wrong,
    brackets,
    misrounded,
)

_SIGNIFICANT_BITS = SIGNIFICANT_BITS
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


def prove(case: Case, *, squares_alone: bool = False) -> Proof:
    """Prove every value stored in ``case.expected``; outputs that are absent need no proof.

    Args:
        case: Inputs of any rank, with values of binary64, binary32, binary16 or bfloat16.
        squares_alone: Leave the residuals out: the same verdict, some 20 times slower.

    Returns:
        How many values are correctly rounded, and each one that is not.

    Raises:
        InputError: batch normalization is not defined on the inputs.
    """
    inputs = case.inputs
    if inputs.block is not None:
        return _prove_block(case)
    require_provable(inputs)
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
    for name, channel, (i, why) in _wrong(inputs, sound, squares_alone=squares_alone):
        index = _index(name, channel, i, inputs)
        value = float(sound[name][index])
        disproofs.append(Disproof(case=case.id, output=name, index=index, stored=value, why=why))
    order = {name: i for i, name in enumerate(stored)}
    disproofs.sort(key=lambda d: order[d.output])
    values = sum(array.size for array in sound.values())
    pointwise = sum(d.output in sound for d in disproofs)
    return Proof(case=case.id, proven=values - pointwise, disproofs=tuple(disproofs))


def _prove_block(case: Case) -> Proof:
    """The same of a deployed block, whose y alone is due."""
    stored = case.expected.items()
    whole = {"y": case.inputs.shape_of("y")}
    disproofs = []
    proven_values = 0
    for name, array in stored.items():
        why = "is stored, but a block has no such result. Store None." if name not in whole else ""
        if not why and (array.shape != whole[name] or array.dtype != np.float64):
            why = f"is {array.dtype} of {array.shape}, float64 of {whole[name]} was wanted."
        if why:
            disproofs.append(
                Disproof(case=case.id, output=name, index=(), stored=math.nan, why=why)
            )
            continue
        wrong = list(misrounded_values(case.inputs, array))
        proven_values += array.size - len(wrong)
        disproofs += [
            Disproof(case=case.id, output=name, index=at, stored=float(array[at]), why=found)
            for at, found in wrong
        ]
    return Proof(case=case.id, proven=proven_values, disproofs=tuple(disproofs))


def _due(inputs: Inputs) -> frozenset[str]:
    """The outputs that the definition gives a value."""
    counts = _counts(inputs)
    if inputs.masked and not counts.any():
        return _RUNNING if inputs.running_mean is not None else frozenset()
    due = {"y"}
    if inputs.dy is not None:
        due |= _GRADIENTS
    if inputs.count:
        due.add("inv_std")
    if inputs.training and inputs.count:
        due |= {"mean", "var"}
    if inputs.running_mean is not None:
        due |= _RUNNING
        if inputs.training and (counts == 1).any():
            due.remove("running_var")
    return frozenset(due)


def _counts(inputs: Inputs) -> Array:
    """How many values the statistics of each channel are of."""
    if inputs.mask is None or not inputs.training:
        return np.array([inputs.count])
    return np.asarray(_rows("y", _whole(inputs.mask, inputs), inputs).sum(axis=1))


def _whole(mask: Array, inputs: Inputs) -> Array:
    return np.broadcast_to(mask, inputs.x.shape)


def _fault(name: str, array: Array, inputs: Inputs, due: frozenset[str]) -> str:
    if name not in due:
        return "is stored, but has no value under these inputs. Store None."
    shape = inputs.x.shape if name in _LIKE_X else inputs.channel_shape
    if array.shape != shape:
        return f"has shape {array.shape}, {shape} was wanted. Store one value per place."
    if array.dtype != np.float64:
        return f"has dtype {array.dtype}, float64 was wanted. Store the values in float64."
    return ""


def _wrong(
    inputs: Inputs, stored: dict[str, Array], *, squares_alone: bool
) -> Iterator[tuple[str, int, Wrong]]:
    """Output, channel, and place in the channel, of each value that is wrong."""
    rows = {name: _wide(_rows(name, array, inputs)) for name, array in stored.items()}
    if squares_alone or inputs.masked or not inputs.count:
        left = {name: np.ones(row.shape, np.bool_) for name, row in rows.items()}
    else:
        left = {name: ~mask for name, mask in _proven(inputs, rows).items()}
    channels = _Channels(inputs)
    doubtful = [mask.any(axis=1) for mask in left.values()]
    for c in np.flatnonzero(np.logical_or.reduce(doubtful)).tolist() if doubtful else []:
        names = [name for name, mask in left.items() if mask[c].any()]
        for name, answer in _answers(channels.at(c), inputs, names).items():
            places = np.flatnonzero(left[name][c])
            for i, why in _judge(answer, rows[name][c, places], places.tolist()):
                yield name, c, (places.tolist()[i], why)


def _proven(inputs: Inputs, rows: dict[str, FloatArray]) -> dict[str, Mask]:
    """Which values their residuals prove; all others are left to the squares."""
    given = Rows(
        x=_rows("y", inputs.x, inputs),
        dy=None if inputs.dy is None else _rows("dx", inputs.dy, inputs),
        earlier=[_rows("y", batch, inputs) for batch in inputs.earlier],
        gamma=_numbers(inputs.gamma, 1, inputs),
        beta=_numbers(inputs.beta, 0, inputs),
        running_mean=_numbers(inputs.running_mean, 0, inputs),
        running_var=_numbers(inputs.running_var, 0, inputs),
        eps=float(inputs.eps),
        momentum=float(inputs.momentum),
        training=inputs.training,
    )
    return proven(given, rows)


def _answers(channel: Channel, inputs: Inputs, names: list[str]) -> dict[str, Answer]:
    if inputs.count:
        return dict(channel.answers(names))
    kept = channel.answers([name for name in names if name in _RUNNING])
    return {name: Line.rational(0) for name in names if name in _GRADIENTS - _LIKE_X} | dict(kept)


def _judge(answer: Answer, stored: FloatArray, places: list[int]) -> Iterator[Wrong]:
    """Judge the values at `places` of a row; tells the place among them."""
    if isinstance(answer, Line):
        yield from misrounded(answer.pick(places), brackets(stored))
        return
    for i, due in enumerate(answer[place] for place in places):
        value = float(stored[i])
        if isinstance(due, Line):
            for _, why in misrounded(due, brackets(stored[i : i + 1])):
                yield i, why
        elif not (value == due or (math.isnan(value) and math.isnan(due))):
            yield i, f"was to be {due!r}: that is what IEEE 754 makes of these inputs"


class _Channels:
    """The inputs of one channel after the other, as exact numbers."""

    def __init__(self, inputs: Inputs) -> None:
        self._setting = Setting(
            count=inputs.count,
            bits=_SIGNIFICANT_BITS[inputs.x.dtype.name],
            training=inputs.training,
            eps=extended(float(inputs.eps)),
            momentum=extended(float(inputs.momentum)),
        )
        self._x = _rows("y", inputs.x, inputs)
        none = np.empty((len(self._x), 0))
        self._dy = none if inputs.dy is None else _rows("dx", inputs.dy, inputs)
        self._earlier = [_rows("y", batch, inputs) for batch in inputs.earlier]
        self._counted = None
        if inputs.masked and inputs.mask is not None:
            self._counted = _rows("y", _whole(inputs.mask, inputs), inputs)
        given = (inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var)
        self._parameters = [
            _numbers(array, absent, inputs)
            for array, absent in zip(given, (1, 0, 0, 0), strict=True)
        ]

    def at(self, c: int) -> Channel:
        gamma, beta, mean, var = (extended(float(numbers[c])) for numbers in self._parameters)
        return Channel(
            setting=self._setting,
            x=_wide(self._x[c]),
            dy=_wide(self._dy[c]),
            gamma=gamma,
            beta=beta,
            running_mean=mean,
            running_var=var,
            earlier=[_wide(batch[c]) for batch in self._earlier],
            counted=None if self._counted is None else self._counted[c].tolist(),
        )


def _rows(name: str, array: Array, inputs: Inputs) -> Array:
    """`array` with one row per channel."""
    if name not in _LIKE_X:
        return array.reshape(-1, 1)
    first = np.moveaxis(array, inputs.channel_axes, range(len(inputs.channel_axes)))
    return first.reshape(math.prod(inputs.channel_shape), inputs.count)


def _wide(array: Array) -> FloatArray:
    """`array` as float64, exactly."""
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return array.astype(np.float64, copy=False)


def _numbers(array: Array | None, absent: int, inputs: Inputs) -> FloatArray:
    if array is None:
        return np.full(math.prod(inputs.channel_shape), float(absent))
    return _wide(array).ravel()


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
