"""Mistakes of adapters, each planted around a path that is right otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from conformance import layout
from conformance.case import Actual, Inputs

Run: TypeAlias = Callable[[Inputs], Actual]
Plant: TypeAlias = Callable[[Run, Inputs], Actual]


def _without(run: Run, inputs: Inputs, **changes: Any) -> Actual:
    return run(replace(inputs, **changes))


def _estimator(run: Run, inputs: Inputs) -> Actual:
    found = dict(run(inputs))
    if inputs.training and inputs.running_var is not None and "running_var" in found:
        old, M, m = inputs.running_var, inputs.count, inputs.momentum
        fed = (found["running_var"].astype(np.float64) - (1 - m) * old) / m
        new = (1 - m) * old + m * fed * (M - 1) / M
        found["running_var"] = new.astype(found["running_var"].dtype)
    return found


def _reshaped(run: Run, inputs: Inputs, *, last: bool = False) -> Actual:
    """Channels-first (or last) order by a reshape, both ways."""
    move = layout.channels_last if last else layout.channels_first
    if isinstance(inputs.axis, tuple):
        return run(inputs)
    shape = move(inputs.x, inputs.axis).shape
    dy = None if inputs.dy is None else inputs.dy.reshape(shape)
    axis = inputs.x.ndim - 1 if last else 1
    found = run(replace(inputs, x=inputs.x.reshape(shape), dy=dy, axis=axis))
    return {n: v.reshape(inputs.x.shape) if n in ("y", "dx") else v for n, v in found.items()}


def _reshaped_back(run: Run, inputs: Inputs) -> Actual:
    """The right order on the way in, a reshape of y and dx on the way back."""
    found = dict(run(inputs))
    if isinstance(inputs.axis, int):
        for name in found.keys() & {"y", "dx"}:
            first = layout.channels_first(found[name], inputs.axis)
            found[name] = np.ascontiguousarray(first).reshape(inputs.x.shape)
    return found


def _not_back(run: Run, inputs: Inputs, names: tuple[str, ...] = ("y", "dx")) -> Actual:
    found = dict(run(inputs))
    if isinstance(inputs.axis, int):
        for name in found.keys() & set(names):
            found[name] = layout.channels_first(found[name], inputs.axis)
    return found


def _named(run: Run, inputs: Inputs, **names: str) -> Actual:
    found = run(inputs)
    swapped = {**names, **{new: old for old, new in names.items()}}
    return {swapped.get(name, name): value for name, value in found.items()}


def _test_mode_by_batch(run: Run, inputs: Inputs) -> Actual:
    """The batch's statistics in test mode, while the running ones stay as they are."""
    found = dict(run(replace(inputs, training=True)))
    if not inputs.training:
        for name in found.keys() & {"running_mean", "running_var"}:
            found[name] = getattr(inputs, name).copy()
    return found


def _updated_in_test_mode(run: Run, inputs: Inputs) -> Actual:
    found = dict(run(inputs))
    if not inputs.training:
        trained = run(replace(inputs, training=True))
        found |= {n: trained[n] for n in found.keys() & {"running_mean", "running_var"}}
    return found


def _not_updated(run: Run, inputs: Inputs) -> Actual:
    found = dict(run(inputs))
    for name in found.keys() & {"running_mean", "running_var"}:
        found[name] = getattr(inputs, name).copy()
    return found


def _in_single(run: Run, inputs: Inputs) -> Actual:
    """What a framework does whose default type is float32."""
    if inputs.x.dtype != np.float64:
        return run(inputs)
    names = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    given = {n: getattr(inputs, n) for n in names}
    return run(
        replace(inputs, **{n: v.astype(np.float32) for n, v in given.items() if v is not None})
    )


def _dx(run: Run, inputs: Inputs, change: Callable[[Any], Any]) -> Actual:
    found = dict(run(inputs))
    if "dx" in found:
        found["dx"] = change(found["dx"])
    return found


def _promoted(run: Run, inputs: Inputs) -> Actual:
    found = dict(run(inputs))
    for name in found.keys() & {"y", "dx"}:
        found[name] = found[name].astype(np.result_type(np.float32, inputs.x.dtype))
    return found


def _ones(run: Run, inputs: Inputs, name: str, value: float) -> Actual:
    given = getattr(inputs, name)
    return run(inputs if given is None else replace(inputs, **{name: np.full_like(given, value)}))


def _some_dy(run: Run, inputs: Inputs) -> Actual:
    if inputs.dy is None:
        return run(inputs)
    draw = np.random.default_rng(5).normal(size=inputs.dy.shape)
    return run(replace(inputs, dy=draw.astype(inputs.dy.dtype)))


def _keep_first(names: tuple[str, ...]) -> Plant:
    """What a compiled program does that is found by the shapes alone."""
    kept: dict[Any, dict[str, Any]] = {}

    def plant(run: Run, inputs: Inputs) -> Actual:
        key = inputs.x.shape, str(inputs.x.dtype), inputs.axis
        first = kept.setdefault(key, {name: getattr(inputs, name) for name in names})
        return run(replace(inputs, **first))

    return plant


def _refuse(run: Run, inputs: Inputs) -> Actual:
    if inputs.x.dtype.itemsize == np.float16().itemsize:
        raise TypeError("no kernel for this type")
    return run(inputs)


def _keepdims(run: Run, inputs: Inputs) -> Actual:
    found = dict(run(inputs))
    for name in found.keys() & {"dgamma", "dbeta"}:
        found[name] = found[name].reshape(1, -1, *[1] * (inputs.x.ndim - 2))
    return found


def _to_inputs(run: Run, inputs: Inputs) -> Actual:
    found = run(inputs)
    if inputs.running_mean is not None and "running_mean" in found:
        inputs.running_mean[...] = found["running_mean"] + 1
    return found


PLANTED: Mapping[str, tuple[Plant, str]] = {
    "momentum swapped": (
        lambda run, i: _without(run, i, momentum=1 - i.momentum),
        "momentum swapped",
    ),
    "wrong estimator": (_estimator, "wrong estimator of the running variance"),
    "eps dropped": (lambda run, i: _without(run, i, eps=1e-5), "eps dropped"),
    "eps zero": (lambda run, i: _without(run, i, eps=0.0), "eps dropped"),
    "reshape for moveaxis": (_reshaped, "reshape instead of moveaxis"),
    "always training": (lambda run, i: _without(run, i, training=True), "always training"),
    "dy ignored": (lambda run, i: _ones(run, i, "dy", 1.0), "dy ignored"),
    "eps of the framework": (lambda run, i: _without(run, i, eps=1e-3), "eps dropped"),
    "eps in training alone": (
        lambda run, i: _without(run, i, eps=i.eps if i.training else 1e-5),
        "eps dropped",
    ),
    "reshape to channels last": (
        lambda run, i: _reshaped(run, i, last=True),
        "reshape instead of moveaxis",
    ),
    "reshape on the way back": (_reshaped_back, "reshape instead of moveaxis"),
    "never training": (
        lambda run, i: _without(run, i, training=i.running_mean is None),
        "always test mode",
    ),
    "another dy": (_some_dy, "dy ignored"),
    "gradient of zero": (lambda run, i: _ones(run, i, "dy", 0.0), "dy ignored"),
    "a mean of y dy": (
        lambda run, i: run(
            i if i.dy is None else replace(i, dy=(i.dy / i.dy.dtype.type(i.dy.size)))
        ),
        "dy averaged",
    ),
    "gamma ignored": (lambda run, i: _ones(run, i, "gamma", 1.0), "gamma ignored"),
    "beta ignored": (lambda run, i: _ones(run, i, "beta", 0.0), "beta ignored"),
    "gamma and beta swapped": (
        lambda run, i: _without(run, i, gamma=i.beta, beta=i.gamma),
        "gamma and beta swapped",
    ),
    "not moved back": (_not_back, "shape of y"),
    "dx not moved back": (
        lambda run, i: _not_back(run, i, ("dx",)),
        "shape of dx",
    ),
    "dx flat": (lambda run, i: _dx(run, i, np.ravel), "shape of dx"),
    "dx in float64": (lambda run, i: _dx(run, i, lambda v: v.astype(np.float64)), "type of dx"),
    "y and dx promoted": (_promoted, "type of y"),
    "axis fixed at 1": (lambda run, i: _without(run, i, axis=1), "axis fixed at 1"),
    "test mode by the batch": (_test_mode_by_batch, "always training"),
    "updated in test mode": (_updated_in_test_mode, "test mode updates the running statistics"),
    "not updated": (_not_updated, "running statistics not updated"),
    "momentum of a framework": (
        lambda run, i: _without(run, i, momentum=0.1),
        "momentum fixed at 0.1",
    ),
    "dgamma and dbeta swapped": (
        lambda run, i: _named(run, i, dgamma="dbeta"),
        "dgamma is dbeta",
    ),
    "running statistics swapped": (
        lambda run, i: _named(run, i, running_mean="running_var"),
        "running_mean is running_var",
    ),
    "fresh layer": (
        lambda run, i: _ones(lambda j: _ones(run, j, "running_mean", 0.0), i, "running_var", 1.0),
        "running statistics ignored",
    ),
    "keepdims": (_keepdims, "shape of dgamma"),
    "eps of the first call": (_keep_first(("eps",)), "eps of an earlier call"),
    "gamma of the first call": (_keep_first(("gamma",)), "gamma of an earlier call"),
    "float64 without x64": (_in_single, "type of y"),
    "types refused": (_refuse, "no answer (error)"),
    "writes to its inputs": (_to_inputs, "no answer (error)"),
}
"""Mistakes by name: how each is planted, and what the self-test calls it first."""
