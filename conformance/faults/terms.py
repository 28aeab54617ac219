"""Which terms of an output are off, where no known fault explains it.

Each output is a sum of a few terms that the exact answers give; least squares finds the weight
that a kernel gives to each.  Weights that agree on several cases are a finding, such as
``dx = 1 gamma inv_std dy - 0 gamma inv_std mean(dy) - ...``; and that they are the right ones says
that the formula is no part of what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.arrays import RUNNING
from conformance.case import Array, Case, Dialect, Inputs, Outputs
from conformance.float_types import finfo
from conformance.oracle.channels import by_channel
from conformance.oracle.expected import solve_inputs

_CLOSE = 1e-2
_DIGITS = 3

_AS_WELL = 2.0
"""How many times the errors that the best weights leave the right ones may, if they are no part of
what is wrong."""


@dataclass(frozen=True, slots=True)
class _Fit:
    """How the terms of an output make up what came back in one case.

    Attributes:
        weights: The weights that fit best.
        shown: Those of them whose terms are not lost in rounding.
        rest: The largest error that they leave, as a part of the largest value.
        is_right: Whether the right weights fit about as well.
    """

    weights: Mapping[str, float]
    shown: Mapping[str, float]
    rest: float
    is_right: bool


def off(name: str, wrong: Sequence[tuple[Case, Array]], dialect: Dialect) -> tuple[str, int]:
    """The weights that a kernel gives to the terms of an output.

    Args:
        name: The output.
        wrong: Cases in which it is wrong, with what came back.
        dialect: The kernel's conventions.

    Returns:
        A sentence, and on how many of the cases it holds.
    """
    fits = [fit for case, actual in wrong if (fit := _fit(name, case, actual, dialect))]
    fits.sort(key=lambda fit: (-len(fit.weights), fit.rest))  # what tells most comes first
    right = sum(fit.is_right for fit in fits)
    if right * 2 > len(wrong):
        told = "has the right terms with the right weights: its rounding or single values are off"
        return f"no known fault; {name} {told}", right
    groups: list[list[_Fit]] = []
    for fit in fits:
        for group in groups:
            if _same(group[0].weights, fit.weights):
                group.append(fit)
                break
        else:
            groups.append([fit])
    largest = max(groups, key=len, default=[])
    if len(largest) * 2 <= len(wrong):
        return "no known fault, and no weights of its terms explain it", 0
    shown = largest[0].shown or largest[0].weights
    told = " ".join(f"{round(value, _DIGITS) + 0.0:+g} {term}" for term, value in shown.items())
    return f"no known fault; it is {name} = {told}", len(largest)


def _due(name: str, inputs: Inputs, terms: Iterable[str], dialect: Dialect) -> Array:
    """The weights of terms in the right answer."""
    absent = {"gamma mean inv_std", "sum(dy)" if name == "dgamma" else "sum(dy xhat)"}
    of_means = -1.0 if inputs.training else 0.0
    biased = dialect.running_var == "biased"
    fed = (inputs.count - 1) / max(inputs.count, 1) if biased else 1.0
    special = {"m var M/(M-1)": fed, **dict.fromkeys(absent, 0.0)}
    return np.array([special.get(t, of_means if "mean(dy" in t else 1.0) for t in terms])


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two cases give the terms that they share the same weights."""
    shared = one.keys() & other.keys()
    return bool(shared) and all(abs(one[t] - other[t]) <= _CLOSE for t in shared)


def _fit(name: str, case: Case, actual: Array, dialect: Dialect) -> _Fit | None:
    """Weights by term; None where the terms do not make up what came back."""
    if actual.shape != case.inputs.shape_of(name):
        return None
    with np.errstate(all="ignore"):
        terms = {t: v for t, v in _terms(name, case.inputs, dialect).items() if np.any(v)}
        got = _flat(np.asarray(actual, dtype=np.float64), case.inputs)
        if len(got) <= len(terms) or not terms:
            return None
        columns = np.stack([v.reshape(-1) for v in terms.values()], axis=1)
        if not (np.isfinite(columns).all() and np.isfinite(got).all()):
            return None
        found, _, rank, _ = np.linalg.lstsq(columns, got, rcond=1e-9)
        rest = _largest(columns @ found - got)
        due = _largest(columns @ _due(name, case.inputs, terms, dialect) - got)
    if rank < len(terms) or rest > _CLOSE * _largest(got):
        return None
    lost = float(finfo(actual.dtype).eps) * _largest(got)
    weights = dict(zip(terms, found.tolist(), strict=True))
    shown = {t: w for t, w in weights.items() if abs(w) * _largest(terms[t]) > lost}
    part = rest / _largest(got) if rest else 0.0
    return _Fit(weights, shown, part, is_right=due <= _AS_WELL * rest)


def _largest(values: Array) -> float:
    return float(np.abs(values).max(initial=0.0))


def _terms(name: str, inputs: Inputs, dialect: Dialect) -> dict[str, Array]:
    """The terms of an output by what a report calls them: rows ``(C, M)`` or columns ``(C, 1)``."""
    answers = solve_inputs(inputs, eps_outside=dialect.eps == "outside")
    x = by_channel(np.asarray(inputs.x, dtype=np.float64), inputs)
    center = _column(answers.mean if inputs.training else inputs.running_mean, x)
    r, gamma = _column(answers.inv_std, x), _column(inputs.gamma, x, 1.0)
    xhat = (x - center) * r
    whole = {"mean": answers.mean, "var": answers.var, "inv_std": answers.inv_std}
    if name in whole:
        return {name: _column(whole[name], x)}
    if name == "y":
        beta = _column(inputs.beta, x) + 0 * x
        return {
            "gamma xhat": gamma * xhat,
            "beta": beta,
            "gamma mean inv_std": gamma * center * r + 0 * x,
        }
    if name in RUNNING:
        return _running_terms(name, inputs, answers, x)
    dy = by_channel(np.asarray(inputs.dy, dtype=np.float64), inputs)
    return _gradient_terms(name, dy, xhat, gamma * r)


def _gradient_terms(name: str, dy: Array, xhat: Array, scale: Array) -> dict[str, Array]:
    along = (dy * xhat).sum(axis=1, keepdims=True)
    straight = dy.sum(axis=1, keepdims=True)
    if name in ("dgamma", "dbeta"):
        return {"sum(dy xhat)": along, "sum(dy)": straight}
    M = dy.shape[1]
    return {
        "gamma inv_std dy": scale * dy,
        "gamma inv_std mean(dy)": scale * straight / M + 0 * dy,
        "gamma inv_std xhat mean(dy xhat)": scale * xhat * along / M,
    }


def _running_terms(name: str, inputs: Inputs, answers: Outputs, x: Array) -> dict[str, Array]:
    m, M = inputs.momentum, inputs.count
    old = _column(getattr(inputs, name), x)
    if not inputs.training:
        return {"old": old}
    fed = _column(answers.mean if name == "running_mean" else answers.var, x)
    if name == "running_mean":
        return {"(1 - m) old": (1 - m) * old, "m mean": m * fed}
    return {"(1 - m) old": (1 - m) * old, "m var M/(M-1)": m * fed * M / max(M - 1, 1)}


def _column(values: Array | None, x: Array, default: float = 0.0) -> Array:
    if values is None:
        return np.full((len(x), 1), default)
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def _flat(values: Array, inputs: Inputs) -> Array:
    rows = by_channel(values, inputs) if values.shape == inputs.x.shape else values
    return rows.reshape(-1)
