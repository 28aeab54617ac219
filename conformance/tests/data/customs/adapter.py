"""An adapter whose paths follow different conventions, and some of them other than they declare."""

from __future__ import annotations

import os
import signal
from functools import partial

import numpy as np

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported


def kernel(
    inputs: Inputs,
    *,
    outside: bool = False,
    biased: bool = False,
    swapped: bool = False,
    keeps: bool = True,
    own_type: bool = False,
    spreads: bool = False,
) -> Actual:
    """Batch normalization in numpy, in the conventions that are asked for."""
    (axis,) = inputs.channel_axes
    axes = tuple(a for a in range(inputs.x.ndim) if a != axis)
    wide = inputs.x if own_type else inputs.x.astype(np.float64)
    with np.errstate(all="ignore"):
        mean, var = wide.mean(axis=axes), (wide.var(axis=axes))
        if own_type:
            var = ((wide - mean) ** 2).mean(axis=axes, dtype=wide.dtype)
        saved = {"mean": mean, "var": var}
        if not inputs.training:
            mean, var = np.asarray(inputs.running_mean), np.asarray(inputs.running_var)
        std = np.sqrt(var) + inputs.eps if outside else np.sqrt(var + inputs.eps)
        y = (wide - mean) / std * inputs.gamma + inputs.beta
    if spreads:
        y = y + 0 * y.sum()
    found = {"y": y.astype(inputs.x.dtype)}
    if inputs.training:
        found |= {name: value.astype(inputs.parameter_dtype) for name, value in saved.items()}
    return {**found, **(_running(inputs, saved, biased, swapped) if keeps else {})}


def _running(inputs: Inputs, saved: Actual, biased: bool, swapped: bool) -> Actual:
    old = {name: np.asarray(getattr(inputs, f"running_{name}")) for name in saved}
    if not inputs.training:
        return {f"running_{name}": value.copy() for name, value in old.items()}
    weight = 1 - inputs.momentum if swapped else inputs.momentum
    fed = dict(saved)
    with np.errstate(all="ignore"):
        if not biased:
            fed["var"] = fed["var"] * (np.float64(inputs.count) / (inputs.count - 1))
        return {
            f"running_{n}": (old[n] + weight * (fed[n] - old[n])).astype(old[n].dtype) for n in old
        }


def refusing(inputs: Inputs) -> Actual:
    """Refuse what is too little."""
    if inputs.count < 2:
        raise Unsupported("too little to normalize")
    return kernel(inputs, keeps=False, spreads=True)


def fragile(inputs: Inputs) -> Actual:
    """End the process where there is nothing to normalize."""
    if not inputs.x.size:
        os.kill(os.getpid(), signal.SIGKILL)
    return kernel(inputs)


def misnaming(inputs: Inputs) -> Actual:
    """Return the variance under the name of the inverse root."""
    found = dict(kernel(inputs))
    return found | ({"inv_std": found.pop("var")} if inputs.training else {})


def deaf(_: Inputs) -> Actual:
    """Answer nothing."""
    raise ValueError("not today")


def broken() -> dict[str, object]:
    """Fail where the defaults are asked for."""
    raise LookupError("no such signature")


NEW = {"eps": 1e-5, "momentum": 0.1, "new_weight": 0.1, "takes_mask": False}
OLD = {"eps": 1e-3, "momentum": 0.99, "new_weight": 0.01, "takes_mask": True}
FLAT = Capabilities(ranks=frozenset({2}))


def path(name: str, run: object, **said: object) -> Path:
    """A path that takes vectors alone."""
    return Path(name=name, about="", run=run, **{"capabilities": FLAT, **said})  # type: ignore[arg-type]  # of a test


PATHS = (
    path("usual", kernel, defaults=lambda: NEW),
    path(
        "other",
        partial(kernel, outside=True, biased=True, own_type=True),
        dialect=Dialect(eps="outside", running_var="biased", momentum="old"),
        defaults=lambda: OLD,
    ),
    path("untrue", partial(kernel, outside=True, biased=True), defaults=lambda: OLD),
    path("swapped", partial(kernel, swapped=True)),
    path("refusing", refusing, dialect=Dialect(running_var="none")),
    path("fragile", fragile, defaults=broken),
    path(
        "misnaming",
        misnaming,
        capabilities=Capabilities(ranks=frozenset({2}), dtypes=frozenset({"float32"})),
        defaults=lambda: {"eps": None, "momentum": None},
    ),
    path(
        "inference",
        kernel,
        capabilities=Capabilities(ranks=frozenset({2}), training=False),
    ),
    path("deaf", deaf),
    path("chatty", kernel, defaults=lambda: {"epsilon": 1.0}),
    path("vague", kernel, defaults=lambda: {"eps": "small"}),
    path("wild", kernel, defaults=lambda: {"momentum": 0.9, "new_weight": 0.3}),
)

ADAPTER = Adapter(name="customs", packages=("numpy",), device=lambda: "cpu", paths=PATHS)
