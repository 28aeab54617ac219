"""What there is to see of a case: channels, exact answers, and what usual ways make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.arrays import DUE_FIELD, RUNNING
from conformance.case import Array, Case, Dialect
from conformance.checking.showing.ways import Way, usual
from conformance.errors import InputError
from conformance.oracle.channels import by_channel
from conformance.oracle.edges import Edges
from conformance.oracle.measured import measured, wide
from conformance.verdict.record import OutputResult
from conformance.verdict.ruler import Ruler

_UNBIASED, _BIASED = Dialect(), Dialect(running_var="biased")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The statistics of x, each an array ``(C,)`` of float64; NaN where there is none.

    Attributes:
        mean: In training the exact mean, rounded once; in test mode that of float64 sums.
        variance: Divided by M; as `mean`.
        least: Smallest value.
        most: Largest value.
        condition: By how much the variance magnifies relative errors of x: S_var / (var + eps),
            with S_var of `conformance.oracle.bounds`. None in test mode, which takes no statistics.
    """

    mean: Array
    variance: Array
    least: Array
    most: Array
    condition: Array | None

    def hardest(self, count: int) -> list[int]:
        """So many channels of the largest condition, in their order; first ones in test mode.

        A channel without a condition, for it is not finite, is harder than all others.
        """
        if self.condition is None:
            return list(range(min(count, len(self.mean))))
        hard = np.where(np.isnan(self.condition), np.inf, self.condition)
        return sorted(int(i) for i in np.argsort(-hard, kind="stable")[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One expected output.

    Attributes:
        field: Its name in `conformance.case.Outputs`.
        name: Its name as an output: both corrections of the running variance have one.
        expected: The exact values.
        unit: One error unit of every element.
    """

    field: str
    name: str
    expected: Array
    unit: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one way made of the case.

    Attributes:
        way: The way.
        left: Why it was not run; empty where it was.
        results: Fields of `conformance.case.Outputs` to what the ruler says of each.
        errors: The same to the error of every element, in units; infinite where no number is.
    """

    way: Way
    left: str
    results: dict[str, OutputResult]
    errors: dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that is shown of a case.

    Attributes:
        case: The case.
        edges: Names of the edges that it poses.
        channels: The statistics of x.
        due: The expected outputs.
        tried: The usual ways.
    """

    case: Case
    edges: tuple[str, ...]
    channels: Channels
    due: tuple[Due, ...]
    tried: tuple[Tried, ...]


def look(case: Case) -> Look:
    """Look at a case: measure its channels and run the usual ways on its inputs.

    Raises:
        InputError: the inputs are not ones that batch normalization is defined on.
    """
    try:
        with np.errstate(all="ignore"):  # NaN and infinities are values here
            return _looked(case)
    except InputError as error:
        raise InputError(f"{case.id}: {error}") from error


def _looked(case: Case) -> Look:
    _require_asked(case)
    rulers = {_UNBIASED: Ruler(case, _UNBIASED)}
    if case.expected.running_var_biased is not None:
        rulers[_BIASED] = Ruler(case, _BIASED)
    return Look(
        case=case,
        edges=Edges(case.inputs, case.expected).posed,
        channels=_channels(case),
        due=tuple(_due(case, rulers)),
        tried=tuple(_tried(way, case, rulers) for way in usual(case.inputs)),
    )


def _require_asked(case: Case) -> None:
    """Refuse expected outputs that the inputs of a foreign case do not ask for.

    Raises:
        InputError: a gradient without dy, a statistic in test mode, running ones that nobody keeps.
    """
    inputs = case.inputs
    missing = {
        "dy": (inputs.dy is None, {"dx", "dgamma", "dbeta"}),
        "training mode": (not inputs.training, {"mean", "var"}),
        "running_mean": (inputs.running_mean is None, {*RUNNING, "running_var_biased"}),
    }
    for needed, (is_missing, fields) in missing.items():
        asked = sorted(fields & case.expected.items().keys())
        if is_missing and asked:
            raise InputError(
                f"{', '.join(asked)} due without {needed}, which an answer needs. "
                "Write the golden files with: conformance generate"
            )


def _channels(case: Case) -> Channels:
    inputs, due = case.inputs, case.expected
    if inputs.count == 0:
        nothing = np.full(int(np.prod(inputs.channel_shape)), np.nan)
        return Channels(
            mean=nothing, variance=nothing, least=nothing, most=nothing, condition=nothing
        )
    rows = by_channel(wide(inputs.x), inputs)
    batch = measured(inputs, inputs.x)
    condition = batch.S_var / (batch.var + inputs.eps)
    return Channels(
        mean=(batch.mean if due.mean is None else due.mean).reshape(-1),
        variance=(batch.var if due.var is None else due.var).reshape(-1),
        least=rows.min(axis=1),
        most=rows.max(axis=1),
        condition=condition.reshape(-1) if inputs.training else None,
    )


def _dialect(field: str) -> Dialect:
    return _BIASED if field == "running_var_biased" else _UNBIASED


def _due(case: Case, rulers: dict[Dialect, Ruler]) -> list[Due]:
    found = []
    for field, expected in case.expected.items().items():
        name = DUE_FIELD.get(field, field)
        unit = rulers[_dialect(field)].unit(name, case.inputs.dtype_of(name))
        found.append(Due(field=field, name=name, expected=expected, unit=unit))
    return found


def _tried(way: Way, case: Case, rulers: dict[Dialect, Ruler]) -> Tried:
    if left := way.too_long(case.inputs):
        return Tried(way=way, left=left, results={}, errors={})
    results, errors = {}, {}
    for dialect, ruler in rulers.items():
        actual = way.answer(case.inputs, dialect)
        judged = ruler.judge(actual)
        for field in case.expected.items():
            name = DUE_FIELD.get(field, field)
            if _dialect(field) == dialect and name in actual:
                results[field] = judged[name]
                errors[field] = _errors(ruler, name, actual[name])
    return Tried(way=way, left="", results=results, errors=errors)


def _errors(ruler: Ruler, name: str, actual: Array) -> Array:
    """In units; an empty batch has no element that could be off."""
    return ruler.errors(name, actual) if actual.size else np.zeros(actual.shape)
