"""Which terms of an output are off, where no known fault explains it.

Each output is a sum of a few terms that the exact answers give; least squares finds the weight
that a kernel gives to each.  Weights that agree on several cases are a finding, such as
``dx = 1 gamma inv_std dy - 0 gamma inv_std mean(dy) - ...``; and that they are the right ones says
that the formula is no part of what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from conformance.arrays import RUNNING
from conformance.case import Array, Case, Inputs, Outputs
from conformance.float_types import finfo
from conformance.oracle.channels import by_channel
from conformance.oracle.expected import solve_inputs

_CLOSE = 1e-2
_DIGITS = 3


def off(name: str, wrong: Sequence[tuple[Case, Array]]) -> tuple[str, int]:
    """The weights that a kernel gives to the terms of an output.

    Args:
        name: The output.
        wrong: Cases in which it is wrong, with what came back.

    Returns:
        A sentence, and on how many of the cases it holds.
    """
    weighed = [(case, found) for case, actual in wrong if (found := _weights(name, case, actual))]
    right = sum(_same(found, _due(name, case, found)) for case, found in weighed)
    if right * 2 > len(wrong):
        told = "has the right terms with the right weights: its rounding or single values are off"
        return f"no known fault; {name} {told}", right
    groups: list[list[Mapping[str, float]]] = []
    for _, weights in weighed:
        for group in groups:
            if _same(group[0], weights):
                group.append(weights)
                break
        else:
            groups.append([weights])
    largest = max(groups, key=len, default=[])
    if len(largest) * 2 <= len(wrong):
        return "no known fault, and no weights of its terms explain it", 0
    told = " ".join(
        f"{round(value, _DIGITS) + 0.0:+g} {term}" for term, value in largest[0].items()
    )
    return f"no known fault; it is {name} = {told}", len(largest)


def _due(name: str, case: Case, terms: Iterable[str]) -> dict[str, float]:
    """The weights of terms in the right answer."""
    absent = {"gamma mean inv_std", "sum(dy)" if name == "dgamma" else "sum(dy xhat)"}
    of_means = -1.0 if case.inputs.training else 0.0
    return {t: 0.0 if t in absent else of_means if "mean(dy" in t else 1.0 for t in terms}


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return one.keys() == other.keys() and all(abs(one[t] - other[t]) <= _CLOSE for t in one)


def _weights(name: str, case: Case, actual: Array) -> dict[str, float] | None:
    """Weights by term; None where the terms do not make up what came back."""
    if actual.shape != case.inputs.shape_of(name):
        return None
    with np.errstate(all="ignore"):
        got = _flat(np.asarray(actual, dtype=np.float64), case.inputs)
        lost = float(finfo(actual.dtype).eps) * float(np.abs(got).max(initial=0.0)) / _CLOSE
        # A term that rounding hides has no weight that could be told.
        terms = {
            t: v for t, v in _terms(name, case.inputs).items() if np.abs(v).max(initial=0.0) > lost
        }
        if len(got) <= len(terms) or not terms:
            return None
        columns = np.stack([v.reshape(-1) for v in terms.values()], axis=1)
        if not (np.isfinite(columns).all() and np.isfinite(got).all()):
            return None
        found, _, rank, _ = np.linalg.lstsq(columns, got, rcond=1e-9)
        rest = float(np.abs(columns @ found - got).max(initial=0.0))
    if rank < len(terms) or rest > _CLOSE * float(np.abs(got).max(initial=0.0)):
        return None
    return dict(zip(terms, found.tolist(), strict=True))


def _terms(name: str, inputs: Inputs) -> dict[str, Array]:
    """The terms of an output by what a report calls them: rows ``(C, M)`` or columns ``(C, 1)``."""
    answers = solve_inputs(inputs)
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
