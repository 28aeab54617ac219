"""Chainer on numpy: its functions for the two modes, and its link.

Chainer takes the axes to normalize over: no array is transposed here, and x and dy are handed over
as they lie.
"""

from __future__ import annotations

from typing import Any

import chainer  # type: ignore[import-not-found, unused-ignore]  # checked without Chainer too
import numpy as np
from chainer import functions as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - Chainer's name
from chainer import links as L  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - the same

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Array, Dialect, Inputs

from . import reproduction, stated

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}


def rest(inputs: Inputs) -> tuple[int, ...]:
    """The axes to normalize over, as Chainer is told them."""
    return tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)


def functional(inputs: Inputs) -> Actual:
    """Run `F.batch_normalization` or `F.fixed_batch_normalization`, and `chainer.grad`."""
    leaves = {name: chainer.Variable(getattr(inputs, name)) for name in GRADIENTS}
    settings = {"eps": inputs.eps, "axis": rest(inputs)}
    running = running_statistics(inputs)
    if inputs.training:
        y = F.batch_normalization(
            *leaves.values(), decay=1 - inputs.momentum, **running, **settings
        )
        saved = {name: getattr(y.creator_node, name) for name in ("mean", "var", "inv_std")}
    else:
        mean, var = running.values()
        y = F.fixed_batch_normalization(*leaves.values(), mean, var, **settings)
        saved = {"inv_std": y.creator_node.inv_std}
    return {"y": y.array, **gradients(inputs, y, leaves), **saved, **running}


def link(inputs: Inputs) -> Actual:
    """Run `L.BatchNormalization` in training or not, and `chainer.grad`."""
    layer = L.BatchNormalization(
        size=inputs.channel_shape,
        decay=1 - inputs.momentum,
        eps=inputs.eps,
        dtype=inputs.parameter_dtype,
        use_gamma=inputs.gamma is not None,
        use_beta=inputs.beta is not None,
        axis=rest(inputs),
    )
    for name in ("gamma", "beta"):
        if getattr(inputs, name) is not None:
            getattr(layer, name).array[...] = getattr(inputs, name)
    running = running_statistics(inputs)
    layer.avg_mean, layer.avg_var = running.values()
    x = chainer.Variable(inputs.x)
    with chainer.using_config("train", inputs.training):
        y = layer(x)
    leaves = {"x": x, "gamma": layer.gamma, "beta": layer.beta}
    known = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    kept = {"running_mean": layer.avg_mean, "running_var": layer.avg_var}
    return {"y": y.array, **gradients(inputs, y, known), **kept}


def running_statistics(inputs: Inputs) -> dict[str, Array]:
    """Copies of them, where there are any: Chainer updates them in place."""
    names = ("running_mean", "running_var")
    return {name: np.array(getattr(inputs, name)) for name in names if name in inputs.given()}


def gradients(inputs: Inputs, y: Any, leaves: dict[str, Any]) -> dict[str, Array]:
    """Gradients of ``sum(y * dy)`` by those leaves, where there is dy."""
    if inputs.dy is None:
        return {}
    found = chainer.grad([y], list(leaves.values()), [chainer.Variable(inputs.dy)])
    return {GRADIENTS[name]: value.array for name, value in zip(leaves, found, strict=True)}


def device() -> str:
    """Where the paths run: with numpy."""
    return "cpu"


TYPES = frozenset({"float64", "float32", "float16"})

ADAPTER = Adapter(
    name="chainer",
    packages=("chainer", "numpy"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        Path(
            name="functional",
            about="chainer.functions.batch_normalization and fixed_batch_normalization with axis, "
            "gradients by chainer.grad",
            run=functional,
            defaults=stated.of_function,
            dialect=Dialect(momentum="old"),
            capabilities=Capabilities(
                dtypes=TYPES, without_gamma=False, without_beta=False, per_activation=True
            ),
        ),
        Path(
            name="link",
            about="chainer.links.BatchNormalization with axis, gradients by chainer.grad",
            run=link,
            defaults=stated.of_link,
            dialect=Dialect(momentum="old"),
            capabilities=Capabilities(dtypes=TYPES, without_running=False, per_activation=True),
        ),
    ),
)
