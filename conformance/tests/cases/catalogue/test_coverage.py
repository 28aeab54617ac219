"""Tests of what the catalogue promises to contain, over the data themselves."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import layout
from conformance.case import Problem
from conformance.cases.catalogue import problems
from conformance.memory import KINDS
from conformance.tests.cases.catalogue import traits
from conformance.tests.cases.catalogue.traits import Trait, rows, types

FLOAT16_MAX = 65504.0

_EVERY_TYPE = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "float16+float32",
    "bfloat16+float32",
)
_SETTINGS: dict[str, Trait] = {
    f"{name}, {kind}, {mode}": traits.setting(name, kind, training=mode == "training")
    for name, kinds in {
        "NC": _EVERY_TYPE,
        "NCL": ("float64", "float32"),
        "NCHW": _EVERY_TYPE,
        "NHWC": ("float64", "float32", "float16+float32", "bfloat16+float32"),
        "NCDHW": ("float64", "float32"),
        "NDHWC": ("float32",),
        "per-activation": ("float64", "float32"),
    }.items()
    for kind in kinds
    for mode in ("training", "test mode")
}

_SIZES: dict[str, Trait] = {
    **{
        f"M = {m}": traits.count(m) for m in (1, 2, 3, 4, 5, 6, 7, 13, 31, 64, 127, 256, 2503, 4096)
    },
    **{f"C = {c}": traits.channels(c) for c in (1, 3, 65, 70)},
    **{f"an axis of {n}": traits.size(n) for n in (33, 65, 257, 1025)},
    "M = 1 in test mode": lambda p: p.inputs.count == 1 and not p.inputs.training,
    "shape (4, 6, 28, 28)": lambda p: p.inputs.x.shape == (4, 6, 28, 28),
    "more rows than a launch grid has": lambda p: p.inputs.x.shape[0] > 65535,
    "C equals W": lambda p: (
        layout.name(p.inputs) == "NCHW" and p.inputs.x.shape[1] == p.inputs.x.shape[3]
    ),
    "C equals H, channels last": lambda p: (
        layout.name(p.inputs) == "NHWC" and p.inputs.x.shape[1] == p.inputs.x.shape[3]
    ),
    "C equals N": lambda p: p.inputs.x.ndim == 2 and len(set(p.inputs.x.shape)) == 1,
    "empty batch, training": lambda p: p.inputs.x.size == 0 and p.inputs.training,
    "empty batch, test mode": lambda p: p.inputs.x.size == 0 and not p.inputs.training,
}

_CONSTANTS: dict[str, Trait] = {
    **{
        f"eps {value:g}, {kind}": traits.eps(value, kind)
        for kind, ladder in {
            "float32": (0.5, 0.1, 1e-3, 1e-5, 1e-8, 1e-12),
            "float64": (0.5, 1e-5, 1e-8, 1e-12),
        }.items()
        for value in ladder
    },
    **{f"momentum {value:g}": traits.momentum(value) for value in (0.0, 0.1, 0.3, 0.9, 1.0)},
    "eps not exact in float32": lambda p: float(np.float32(p.inputs.eps)) != p.inputs.eps,
    "momentum not exact in float32": lambda p: (
        float(np.float32(p.inputs.momentum)) != p.inputs.momentum
    ),
    "gamma absent": lambda p: p.inputs.gamma is None and p.inputs.beta is not None,
    "beta absent": lambda p: p.inputs.beta is None and p.inputs.gamma is not None,
    "gamma and beta absent": lambda p: p.inputs.gamma is None and p.inputs.beta is None,
    "gamma absent in test mode": lambda p: not p.inputs.training and p.inputs.gamma is None,
    "no running statistics": lambda p: p.inputs.running_mean is None,
    "no upstream gradient": lambda p: p.inputs.dy is None,
    "gamma zero in one channel": lambda p: (
        p.inputs.gamma is not None and np.count_nonzero(p.inputs.gamma == 0) == 1
    ),
    "three updates of the running statistics": lambda p: len(p.inputs.earlier) == 2,
}


def _relu(p: Problem) -> bool:
    x = rows(p.inputs.x, p.inputs)
    return x.size > 0 and bool(0.2 < np.mean(x == 0) < 0.9 and x.min() == 0)


def _sum_beyond_float16(p: Problem) -> bool:
    total = np.abs(rows(p.inputs.x, p.inputs).sum(axis=1))
    return types(p.inputs) == "float16+float32" and bool((total > FLOAT16_MAX).any())


def _square_beyond_float16(p: Problem) -> bool:
    return types(p.inputs) == "float16+float32" and bool((np.abs(p.inputs.x) > 256).any())


def _variance_beyond_float16(p: Problem) -> bool:
    var = rows(p.inputs.running_var, p.inputs)
    return types(p.inputs) == "float16+float32" and bool((var > FLOAT16_MAX).any())


_DATA: dict[str, Trait] = {
    **{
        f"mean/std {ratio:g}, {kind}": traits.offset(ratio, kind)
        for kind in ("float64", "float32")
        for ratio in (10, 1e2, 1e3, 1e4, 1e5, 1e6)
    },
    "mean/std 1000, float16": traits.offset(1e3, "float16+float32"),
    "mean/std 100, bfloat16": traits.offset(1e2, "bfloat16+float32"),
    **{
        f"variance comparable to eps, {kind}, {mode}": traits.near_eps(
            kind, training=mode == "training"
        )
        for kind in ("float64", "float32")
        for mode in ("training", "test mode")
    },
    "constant channel": traits.constant_channel("float32", 0.0),
    "constant channel at 10^4, float32": traits.constant_channel("float32", 1e4),
    "constant channel at 10^6, float64": traits.constant_channel("float64", 1e6),
    "zeros as after a ReLU": _relu,
    "x all zero": lambda p: p.inputs.x.size > 0 and not p.inputs.x.astype(np.float64).any(),
    "an outlier": traits.has_outlier,
    "running statistics far from the batch's": traits.is_far,
    "float16 squares overflow": _square_beyond_float16,
    "float16 sums overflow": _sum_beyond_float16,
    "running variance beyond float16": _variance_beyond_float16,
    "bfloat16 y near zero": traits.nearly_cancels("bfloat16"),
    "bfloat16 y near zero, float32 parameters": traits.nearly_cancels("bfloat16+float32"),
}

_NOT_FINITE: dict[str, Trait] = {
    f"{what} in {piece} of one channel, {mode}": traits.spoilt(
        piece, has, training=mode == "training"
    )
    for what, piece, has in (
        ("NaN", "x", np.isnan),
        ("inf", "x", np.isinf),
        ("NaN", "dy", np.isnan),
    )
    for mode in ("training", "test mode")
}

_UPSTREAM: dict[str, Trait] = {
    "dy zero": traits.upstream(lambda dy: not dy.any()),
    "dy constant": traits.upstream(lambda dy: bool(dy.any() and (dy == dy[0, 0]).all())),
    "dy one-hot": traits.upstream(traits.is_one_hot),
    "dy parallel to xhat": traits.is_parallel,
}

_MEMORY: dict[str, Trait] = {
    **{
        f"{kind} memory, {mode}": traits.memory(kind, training=mode == "training")
        for kind in KINDS
        for mode in ("training", "test mode")
    },
    "strided batches of a history": lambda p: (
        p.inputs.memory == "strided" and len(p.inputs.earlier) > 0
    ),
    **{
        f"dgamma away from 0 under an expanded dy, {name}": traits.expanded(name)
        for name in ("NC", "NHWC")
    },
}

PROMISES = {**_MEMORY, **_SETTINGS, **_SIZES, **_CONSTANTS, **_DATA, **_NOT_FINITE, **_UPSTREAM}


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_is_kept(promise: str) -> None:
    """What the catalogue promises to contain is found in the data of at least one problem."""
    assert any(PROMISES[promise](p) for p in problems())


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_strides_are_looked_at_often(kind: str) -> None:
    """At least three problems of a type have strides, and between them every layout."""
    odd = ("strided", "reversed", "transposed")
    found = [p.inputs for p in problems() if p.inputs.memory in odd and types(p.inputs) == kind]
    assert len(found) >= 3
    assert {layout.name(i) for i in found} == {"NC", "NCHW", "NHWC"}


def test_no_promise_is_empty() -> None:
    """A promise that every problem keeps would say nothing."""
    kept_by_all = [name for name, holds in PROMISES.items() if all(map(holds, problems()))]
    assert kept_by_all == []
