"""One experiment per convention: what every explanation would give, beside what came back.

The formulas are those of `conformance.oracle`; float64 is exact enough to tell explanations apart
that differ by a tenth and more.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.case import Array, Dialect
from conformance.checking.doctor.finding import UNKNOWN, Ask, Finding, unknown
from conformance.checking.doctor.nearest import nearest
from conformance.checking.doctor.questions import Call, once, two_values

_COMMON_EPS = (0.0, 1e-3, 1e-4, 2e-5, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12)
_AGREES = 0.02


def running(answer: Call, declared: Dialect) -> tuple[Finding, Finding]:
    """Which value momentum weights, and which variance updates the running one."""
    mean, var = answer.values.mean(axis=0), answer.values.var(axis=0)
    M, m = len(answer.values), answer.inputs.momentum
    old_mean, old_var = _kept(answer)
    other = "old" if declared.momentum == "new" else "new"
    weights = {declared.momentum: m, other: 1 - m}
    means = {name: old_mean + w * (mean - old_mean) for name, w in weights.items()}
    variances = {
        (name, kind): old_var + w * (v - old_var)
        for name, w in weights.items()
        for kind, v in (("unbiased", var * M / (M - 1)), ("biased", var))
    }
    momentum = _momentum(answer, means, declared)
    named = {f"{direction} {kind}": v for (direction, kind), v in variances.items()}
    return momentum, _running_var(answer, named, declared, momentum.found)


def _kept(answer: Call) -> tuple[Array, Array]:
    given = answer.inputs.running_mean, answer.inputs.running_var
    mean, var = (np.asarray(v, dtype=np.float64) for v in given)
    return mean, var


def _momentum(answer: Call, means: Mapping[str, Array], declared: Dialect) -> Finding:
    actual = answer.outputs.get("running_mean")
    if actual is None:
        return unknown("momentum", "running_mean is not returned")
    found = nearest(actual, {**means, "unchanged": _kept(answer)[0]})
    if found is None or found == "unchanged":
        seen = "running_mean is left as it was" if found else "no explanation fits running_mean"
        return unknown("momentum", f"{seen}: {_first(actual)}")
    return Finding(
        convention="momentum",
        found=found,
        usual=found == "new",
        sentence=f"momentum weights the {found} value: running_mean is {_first(actual)}",
        setting=None if found == declared.momentum else f"--dialect momentum={found}",
    )


def _running_var(
    answer: Call, variances: Mapping[str, Array], declared: Dialect, momentum: str
) -> Finding:
    actual = answer.outputs.get("running_var")
    if actual is None:
        return unknown("running_var", "running_var is not returned")
    found = nearest(actual, {**variances, "unchanged unchanged": _kept(answer)[1]})
    if found is None or found.startswith("unchanged"):
        seen = "running_var is left as it was" if found else "no explanation fits running_var"
        return unknown("running_var", f"{seen}: {_first(actual)}")
    direction, kind = found.split()
    if momentum not in (direction, UNKNOWN):
        seen = f"running_mean weights the {momentum} value and running_var the {direction} one"
        return Finding(
            convention="running_var",
            found=kind,
            usual=False,
            sentence=f"{seen}: {_first(actual)}",
            setting="let momentum weight the same value in both",
        )
    M = len(answer.values)
    divisor = f"M - 1 = {M - 1}" if kind == "unbiased" else f"M = {M}"
    return Finding(
        convention="running_var",
        found=kind,
        usual=kind == "unbiased",
        sentence=f"running_var takes the variance divided by {divisor}: it is {_first(actual)}",
        setting=None if kind == declared.running_var else f"--dialect running_var={kind}",
    )


def eps(answer: Call, declared: Dialect) -> Finding:
    """Where eps goes."""
    if "y" not in answer.outputs or np.shape(answer.outputs["y"]) != answer.inputs.x.shape:
        return unknown("eps", "y is not returned")
    x, e = answer.values, answer.inputs.eps
    var = x.var(axis=0)
    sigma = np.sqrt(var)
    divisors = {
        "inside": np.sqrt(var + e),
        "outside": sigma + e,
        "max(var, eps)": np.sqrt(np.maximum(var, e)),
        "none": sigma,
        "squared": np.sqrt(var + e * e),
        "inside, N - 1": np.sqrt(var * len(x) / (len(x) - 1) + e),
    }
    gamma, beta = (np.asarray(v, dtype=np.float64) for v in _affine(answer))
    centred = x - x.mean(axis=0)
    explained = {name: centred / by * gamma + beta for name, by in divisors.items()}
    found = nearest(answer.y, explained)
    if found is None:
        return unknown("eps", f"no place of eps explains y: {_first(answer.y[0])}")
    settable = found in ("inside", "outside")
    advice = "normalize by the variance divided by M" if "N - 1" in found else _INSIDE
    setting = f"--dialect eps={found}" if settable else advice
    return Finding(
        convention="eps",
        found=found,
        usual=found == "inside",
        sentence=_PLACES[found],
        setting=None if found == declared.eps else setting,
    )


_PLACES = {
    "inside": "y divides by sqrt(var + eps)",
    "outside": "y divides by sqrt(var) + eps",
    "max(var, eps)": "y divides by sqrt(max(var, eps))",
    "none": "y divides by sqrt(var): eps is not used",
    "squared": "y divides by sqrt(var + eps squared)",
    "inside, N - 1": "y divides by sqrt(var + eps) with the variance divided by M - 1",
}
_INSIDE = "put eps inside the root: sqrt(var + eps)"


def _affine(answer: Call) -> tuple[Array, Array]:
    gamma, beta = answer.inputs.gamma, answer.inputs.beta
    assert gamma is not None  # noqa: S101 - every question has both
    assert beta is not None  # noqa: S101 - the same
    return gamma, beta


def names(answer: Call) -> tuple[Finding, Finding]:
    """What comes back under the names inv_std and var."""
    x, e = answer.values, answer.inputs.eps
    M, var = len(x), x.var(axis=0)
    meanings = {
        "inverse std": 1 / np.sqrt(var + e),
        "variance": var,
        "variance, N - 1": var * M / (M - 1),
        "variance + eps": var + e,
        "std": np.sqrt(var),
        "std with eps": np.sqrt(var + e),
        "inverse std without eps": 1 / np.sqrt(var),
    }
    return (
        _named(answer, "inv_std", "inverse std", meanings),
        _named(answer, "var", "variance", meanings),
    )


def _named(answer: Call, name: str, right: str, meanings: Mapping[str, Array]) -> Finding:
    actual = answer.outputs.get(name)
    if actual is None:
        return unknown(name, f"{name} is not returned")
    found = nearest(actual, meanings)
    if found is None:
        return unknown(name, f"nothing known explains {name}: {_first(actual)}")
    place = {"variance": "return it under the name var", "inverse std": "under the name inv_std"}
    wrong = place.get(found, f"return the {right} there, or leave it out")
    return Finding(
        convention=name,
        found=found,
        usual=found == right,
        sentence=f"under the name {name} comes the {found}: {_first(actual)}",
        setting=None if found == right else wrong,
    )


def default_eps(ask: Ask, like: Call, place: str) -> Finding:
    """The eps of a kernel that is not told one, from two batches of tiny variance."""
    found = []
    for half_width in (2.0**-10, 2.0**-7):
        answer = once(ask, two_values(like.inputs, half_width), leave_out=("eps",))
        if answer is None or "y" not in answer.outputs:
            return unknown("default eps", "it needs eps, or returns no y")
        slope = abs(float(answer.y.ravel()[0]))
        if not np.isfinite(slope) or not slope:
            return unknown("default eps", f"y is {slope} on a batch of tiny variance")
        ratio = half_width / slope
        found.append(ratio - half_width if place == "outside" else ratio**2 - half_width**2)
    value = found[0]
    if abs(found[1] - value) > 0.1 * max(abs(value), 2.0**-26):
        return unknown("default eps", f"two batches tell {found[0]:.3g} and {found[1]:.3g}")
    known = [e for e in _COMMON_EPS if abs(value - e) <= _AGREES * max(e, 2.0**-30)]
    said = f"{known[0] if known else value:.3g}"
    return Finding(
        convention="default eps",
        found=said,
        usual=bool(known) and known[0] == 1e-5,  # noqa: PLR2004 - PyTorch's
        sentence=f"without eps, y is that of eps = {value:.3g}",
    )


def default_momentum(ask: Ask, like: Call, direction: str) -> Finding:
    """The momentum of a kernel that is not told one, in its own sense."""
    answer = once(ask, like.inputs, leave_out=("momentum",))
    if answer is None or "running_mean" not in answer.outputs:
        return unknown("default momentum", "it needs momentum, or returns no running_mean")
    old, _ = _kept(answer)
    moved = np.asarray(answer.outputs["running_mean"], dtype=np.float64) - old
    weights = moved / (answer.values.mean(axis=0) - old)
    if not np.isfinite(weights).all() or np.ptp(weights) > _AGREES:
        return unknown(
            "default momentum", f"no single weight explains running_mean: {_first(weights)}"
        )
    weight = float(weights.mean())
    said = 1 - weight if direction == "old" else weight
    return Finding(
        convention="default momentum",
        found=f"{said:.3g}",
        usual=abs(said - 0.1) < _AGREES / 10,
        sentence=f"without momentum, the new value has the weight {weight:.3g}",
    )


def _first(values: Array) -> str:
    numbers = np.asarray(values, dtype=np.float64).ravel()[:3]
    return ", ".join(f"{n:.4g}" for n in numbers)
