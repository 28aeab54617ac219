"""Kernels that carry something from call to call, wrong ones and honest ones; channels last.

Each is a function of the call and of a `Carried`, which lives as long as its process.
"""

# ruff: noqa: D103 - the table below says what each one does
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(slots=True)
class Carried:
    """What a kernel keeps.

    Attributes:
        calls: How many calls came before.
        kept: Whatever it keeps by key.
    """

    calls: int = 0
    kept: dict[Any, Any] = field(default_factory=dict)


def normalized(call: Mapping[str, Any], *, saved: Any = None, fold: Any = None) -> dict[str, Any]:
    """Batch normalization by its formula.

    Args:
        call: The arguments.
        saved: Mean and variance that the backward pass uses instead of its own.
        fold: Scale that y uses instead of its own.
    """
    x, gamma, eps = call["x"], call["gamma"], call["eps"]
    rest, M = tuple(range(x.ndim - 1)), x.size // x.shape[-1]
    if M < 2:
        raise NotImplementedError("needs two values per channel")
    old = (call["running_mean"], call["running_var"])
    mean, var = (x.mean(rest), x.var(rest)) if call["training"] else old
    scale = gamma / (var + eps) ** 0.5
    back_mean, back_var = saved or (mean, var)
    back = 1 / (back_var + eps) ** 0.5
    x_hat, dy = (x - back_mean) * back, call["dy"]
    out = {"y": (x - mean) * (scale if fold is None else fold) + call["beta"]}
    out |= {"dgamma": (dy * x_hat).sum(rest), "dbeta": dy.sum(rest)}
    inner = (out["dbeta"] + x_hat * out["dgamma"]) / M if call["training"] else 0.0
    out["dx"] = (gamma * back * (dy - inner)).astype(x.dtype)
    if call["training"] and old[0] is not None:
        out["running_mean"] = old[0] + call["momentum"] * (mean - old[0])
        out["running_var"] = old[1] + call["momentum"] * (var * M / (M - 1) - old[1])
    return out


def _shape(call: Mapping[str, Any]) -> Any:
    return call["x"].shape, str(call["x"].dtype), call["training"]


def eps_cached(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    if call["x"].size > 5000:
        call["eps"] = carried.kept.setdefault(_shape(call), call["eps"])
    return normalized(call)


def momentum_cached(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    call["momentum"] = carried.kept.setdefault(_shape(call), call["momentum"])
    return normalized(call)


def first_statistics(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    x, rest = call["x"], tuple(range(call["x"].ndim - 1))
    if not call["training"]:
        return normalized(call)
    return normalized(
        call, saved=carried.kept.setdefault(_shape(call), (x.mean(rest), x.var(rest)))
    )


def folded_once(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    if call["training"]:
        return normalized(call)
    scale = call["gamma"] / (call["running_var"] + call["eps"]) ** 0.5
    return normalized(call, fold=carried.kept.setdefault(_shape(call), scale))


def answers_by_x(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    key = (_shape(call), call["x"].tobytes())
    out = carried.kept.setdefault(key, normalized(call))
    return {name: value.copy() for name, value in out.items()}


def accumulates(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    out = normalized(call)
    total = carried.kept.get(_shape(call), 0.0) + out["dbeta"]
    carried.kept[_shape(call)] = total if carried.calls % 3 else out["dbeta"]
    return out | {"dbeta": total.astype(out["dbeta"].dtype)}


def third_call(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    out = normalized(call)
    return out | {"y": out["y"] + 1} if carried.calls == 3 else out


def after_the_cases(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    """Wrong from a call on at which every case of `CASES` was asked twice."""
    out = normalized(call)
    return out | {"y": out["y"] + 1} if carried.calls > 2 * len(CASES) else out


def from_a_call_on(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    out = normalized(call)
    return out | {"y": out["y"] + 1} if carried.calls > 250 else out


def once(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    out = normalized(call)
    return out | {"dx": out["dx"] * 2} if carried.calls == 300 else out


def ends(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    if carried.calls == 250:
        os._exit(3)
    return normalized(call)


def refuses(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    if carried.calls > 250:
        raise NotImplementedError("tired")
    return normalized(call)


def honest_plan(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    key = (*_shape(call), call["eps"], call["momentum"])
    call["eps"], call["momentum"] = carried.kept.setdefault(key, (call["eps"], call["momentum"]))
    return normalized(call)


def honest_workspace(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    room = carried.kept.setdefault(_shape(call), np.empty_like(call["x"]))
    np.copyto(room, call["x"])
    return normalized({**call, "x": room})


def honest_warm_up(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    if carried.calls == 1:
        carried.kept["compiled"] = [normalized(dict(call)) for _ in range(3)]
    return normalized(call)


def honest_tuning(call: dict[str, Any], carried: Carried) -> dict[str, Any]:
    """One of two honest algorithms, by turns: bits differ from call to call, and all are right."""
    if carried.calls % 3:
        return normalized(call)
    wide = {n: v.astype(np.float64) if isinstance(v, np.ndarray) else v for n, v in call.items()}
    return {name: value.astype(call["x"].dtype) for name, value in normalized(wide).items()}


CASES = (
    "count/images-28-nhwc", "dense/train-float64", "dense/test-float64",
    "spatial/train-nhwc-float32", "dense/train-float32", "spatial/test-nhwc-float64",
)  # fmt: skip
"""Cases that suffice to find them, one of more than 5000 values among them."""

_CALLS: Mapping[str, Callable[[dict[str, Any], Carried], dict[str, Any]]] = {
    one.__name__: one
    for one in (
        *(eps_cached, momentum_cached, first_statistics, folded_once, answers_by_x),
        *(accumulates, third_call, after_the_cases),
        *(from_a_call_on, once, ends, refuses),
        *(honest_plan, honest_workspace, honest_warm_up, honest_tuning),
    )
}
HONEST = tuple(name for name in _CALLS if name.startswith("honest_"))
WRONG = tuple(name for name in _CALLS if name not in HONEST)


def _kernel(name: str) -> Callable[..., dict[str, Any]]:
    carried = Carried()

    def batch_norm(
        x: Any, gamma: Any, beta: Any, dy: Any, *,
        running_mean: Any, running_var: Any, eps: float, momentum: float, training: bool,
    ) -> dict[str, Any]:  # fmt: skip
        carried.calls += 1
        return _CALLS[name](dict(locals()) | {"carried": None}, carried)

    batch_norm.conformance = {  # type: ignore[attr-defined]
        "layout": "channels_last",
        "dtypes": ["float32", "float64"],
    }
    return batch_norm


KERNELS = {name: _kernel(name) for name in _CALLS}
globals().update({f"kernel_{name}": kernel for name, kernel in KERNELS.items()})
