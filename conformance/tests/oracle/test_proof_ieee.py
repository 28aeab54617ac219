"""The proof of channels in which something is not finite, or whose root is not a number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Inputs, Outputs
from conformance.oracle.proof import prove
from conformance.tests.oracle.slowly import case_of, solve_slowly

INF, NAN = math.inf, math.nan
X = np.array([[1.0, 4.0], [-2.0, 1.0], [3.0, 2.5], [0.5, 0.0]])
DY = np.array([[1.0, 0.5], [2.0, -1.0], [-1.5, 2.0], [0.25, 3.0]])


def inputs(**other: Any) -> Inputs:
    """Two channels of four values; what is not finite goes into the first."""
    given: dict[str, Any] = {
        "x": X,
        "dy": DY,
        "gamma": np.array([2.0, -1.5]),
        "beta": np.array([0.5, 0.25]),
        "running_mean": np.array([0.5, -1.0]),
        "running_var": np.array([2.0, 0.7]),
    }
    return Inputs(**(given | other))


def at(array: Array, place: int | tuple[int, int], value: float) -> Array:
    """`array` with one value replaced."""
    changed = array.copy()
    changed[place] = value
    return changed


ALL_NAN = [NAN] * 4
SPOILED = {"y": ALL_NAN, "dx": ALL_NAN, "dgamma": NAN, "var": NAN, "inv_std": NAN}
SPOILED_KEPT = {**SPOILED, "running_var": NAN, "running_var_biased": NAN}
TEST = {"training": False}
KEPT = np.array([2.0, 0.7])

# What is put in, and what the first channel then holds; all else stays as it was.
EXPECTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "NaN in x": ({"x": at(X, (1, 0), NAN)}, {**SPOILED_KEPT, "mean": NAN, "running_mean": NAN}),
    "infinity in x": (
        {"x": at(X, (1, 0), INF)},
        {**SPOILED_KEPT, "mean": INF, "running_mean": INF},
    ),
    "infinity in x, no momentum": (
        {"x": at(X, (1, 0), -INF), "momentum": 0.0},
        {**SPOILED_KEPT, "mean": -INF, "running_mean": NAN},
    ),
    "both infinities in x": (
        {"x": at(at(X, (1, 0), INF), (2, 0), -INF)},
        {**SPOILED_KEPT, "mean": NAN, "running_mean": NAN},
    ),
    "NaN in dy": ({"dy": at(DY, (2, 0), NAN)}, {"dx": ALL_NAN, "dgamma": NAN, "dbeta": NAN}),
    # x_hat has the signs + - + -, so dgamma is +inf: -inf - (+inf) is -inf where x_hat > 0
    "infinity in dy": (
        {"dy": at(DY, (2, 0), INF)},
        {"dx": [-INF, NAN, NAN, NAN], "dgamma": INF, "dbeta": INF},
    ),
    # x_hat has the signs + - + -, dx by gamma the signs + - - -
    "infinite gamma": (
        {"gamma": np.array([-INF, -1.5])},
        {"y": [-INF, INF, -INF, INF], "dx": [-INF, INF, INF, INF]},
    ),
    "NaN gamma": ({"gamma": np.array([NAN, -1.5])}, {"y": ALL_NAN, "dx": ALL_NAN}),
    "infinite beta": ({"beta": np.array([INF, 0.25])}, {"y": [INF] * 4}),
    "infinite running mean": (
        {"running_mean": np.array([INF, -1.0])},
        {"running_mean": INF},
    ),
    "infinite running mean, all replaced": (
        {"running_mean": np.array([INF, -1.0]), "momentum": 1.0},
        {"running_mean": NAN},
    ),
    "NaN running variance": (
        {"running_var": np.array([NAN, 0.7])},
        {"running_var": NAN, "running_var_biased": NAN},
    ),
    "NaN in an earlier batch": (
        {"earlier": (at(X, (0, 0), NAN),)},
        {"running_mean": NAN, "running_var": NAN, "running_var_biased": NAN},
    ),
    "root of nothing": (
        {"x": at(at(at(X, (0, 0), 0.5), (1, 0), 0.5), (2, 0), 0.5), "eps": 0.0},
        {"y": ALL_NAN, "dx": ALL_NAN, "dgamma": NAN, "inv_std": INF},
    ),
    "test mode, NaN in x": (
        {**TEST, "x": at(X, (1, 0), NAN)},
        {"y": {1: NAN}, "dgamma": NAN},
    ),
    "test mode, infinity in x": (
        {**TEST, "x": at(X, (1, 0), -INF)},
        {"y": {1: -INF}, "dgamma": -INF},
    ),
    "test mode, infinity in dy": (
        {**TEST, "dy": at(DY, (1, 0), -INF)},
        {"dx": {1: -INF}, "dgamma": INF, "dbeta": -INF},
    ),
    "test mode, infinite running mean": (
        {**TEST, "running_mean": np.array([INF, -1.0])},
        {"y": [-INF] * 4, "dgamma": NAN, "running_mean": INF},
    ),
    "test mode, infinite running variance": (
        {**TEST, "running_var": np.array([INF, 0.7])},
        {
            "y": [0.5] * 4,
            "dx": [0.0] * 4,
            "dgamma": 0.0,
            "inv_std": 0.0,
            "running_var": INF,
            "running_var_biased": INF,
        },
    ),
    "test mode, negative variance": (
        {**TEST, "running_var": np.array([-1.0, 0.7])},
        {
            **{name: SPOILED[name] for name in ("y", "dx", "dgamma", "inv_std")},
            "running_var": -1.0,
            "running_var_biased": -1.0,
        },
    ),
    # the last x equals the running mean: 0 * inf
    "test mode, root of nothing": (
        {**TEST, "running_var": np.array([0.0, 0.7]), "eps": 0.0},
        {
            "y": [INF, -INF, INF, NAN],
            "dx": [INF, INF, -INF, INF],
            "dgamma": NAN,
            "inv_std": INF,
            "running_var": 0.0,
            "running_var_biased": 0.0,
        },
    ),
}


def expected_with(changed: dict[str, Any], first: dict[str, Any]) -> tuple[Inputs, Outputs]:
    """The given inputs, and the expected values: those of finite inputs, but for `first`.

    The first channel is solved with its wild values replaced by those of the plain inputs; the
    table then names every value that depends on them.
    """
    wild = inputs(**changed)
    tame: dict[str, Any] = {}
    plain = inputs()
    for name in ("x", "dy", "gamma", "beta", "running_mean", "running_var"):
        given = getattr(wild, name)
        usable = np.isfinite(given) & (name != "running_var" or given > 0)
        tame[name] = np.where(usable, given, getattr(plain, name))
    history = tuple(np.where(np.isfinite(batch), batch, 0) for batch in wild.earlier)
    eps = wild.eps
    solved = {}
    for channel in range(2):
        part = {n: tame[n][..., channel : channel + 1] for n in tame}
        singular = channel == 0 and eps == 0
        case = solve_slowly(
            replace(
                wild,
                **part,
                earlier=tuple(b[..., channel : channel + 1] for b in history),
                eps=1.0 if singular else eps,
            )
        )
        solved[channel] = case.expected.items()
    joined = {n: np.concatenate([solved[0][n], solved[1][n]], axis=-1) for n in solved[0]}
    for name, due in first.items():
        values = dict(enumerate(due)) if isinstance(due, list) else due
        for i, value in values.items() if isinstance(values, dict) else [(None, values)]:
            joined[name][(0,) if i is None else (i, 0)] = value
    return wild, Outputs(**joined)


@pytest.mark.parametrize(("changed", "first"), EXPECTED.values(), ids=EXPECTED)
def test_channel_with_a_wild_value_follows_ieee(
    changed: dict[str, Any], first: dict[str, Any]
) -> None:
    """What depends on a wild value is what IEEE 754 makes of it; all else stays exact."""
    wild, outputs = expected_with(changed, first)
    found = prove(case_of(wild, outputs))
    assert found.disproofs == ()
    assert found.proven == sum(array.size for array in outputs.items().values())


@pytest.mark.parametrize(("changed", "first"), EXPECTED.values(), ids=EXPECTED)
def test_every_other_value_is_disproven(changed: dict[str, Any], first: dict[str, Any]) -> None:
    """In such a case no value may be another number, another infinity or NaN."""
    wild, outputs = expected_with(changed, first)
    for name, array in outputs.items().items():
        for index in np.ndindex(array.shape):
            value = array[index]
            others = [NAN, INF, -INF, -0.0, 1.0, math.nextafter(value, INF)]
            for other in others:
                same = other == value and math.copysign(1, other) == math.copysign(1, value)
                if same or (math.isnan(other) and math.isnan(value)):
                    continue
                changed_outputs = replace(outputs, **{name: at(array, index, other)})
                found = prove(case_of(wild, changed_outputs)).disproofs
                assert [(d.output, d.index) for d in found] == [(name, index)]
