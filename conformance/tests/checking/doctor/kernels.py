"""A kernel whose every convention can be chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.case import Actual, Inputs
from conformance.errors import AdapterError, Unsupported

_DIVISORS: dict[str, Callable[[Any, float], Any]] = {
    "inside": lambda var, eps: np.sqrt(var + eps),
    "outside": lambda var, eps: np.sqrt(var) + eps,
    "max(var, eps)": lambda var, eps: np.sqrt(np.maximum(var, eps)),
    "none": lambda var, _eps: np.sqrt(var),
    "squared": lambda var, eps: np.sqrt(var + eps * eps),
    "inside, N - 1": lambda var, eps: np.sqrt(var * 3 / 2 + eps),
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Batch normalization by chosen conventions; answers as `conformance.checking.doctor.Ask` does.

    Attributes:
        momentum: Which value it weights.
        running_var: Which variance updates the running one.
        eps: Where eps goes.
        axis: ``"any"`` follows what is asked; a number is the axis whatever is asked; ``"samples"``
            normalizes each sample.
        dtype: The type it computes in.
        returns: The outputs that it returns.
        default_eps: Its eps where none is given; None for no default.
        default_momentum: Its momentum where none is given.
        ranks: Ranks that it takes.
        noise: Relative error that it adds to all outputs.
    """

    momentum: str = "new"
    running_var: str = "unbiased"
    eps: str = "inside"
    axis: str | int = "any"
    dtype: Any = np.float64
    returns: tuple[str, ...] = ("y", "running_mean", "running_var")
    inv_std: str = "inverse std"
    default_eps: float | None = None
    default_momentum: float | None = None
    ranks: tuple[int, ...] = (2, 3, 4, 5)
    noise: float = 0.0

    def __call__(self, inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        """One call."""
        if inputs.x.dtype != self.dtype or inputs.x.ndim not in self.ranks:
            raise Unsupported("another type or rank")
        eps = self.default_eps if "eps" in leave_out else inputs.eps
        momentum = self.default_momentum if "momentum" in leave_out else inputs.momentum
        if eps is None or momentum is None:
            raise AdapterError("TypeError: missing argument")
        with np.errstate(all="ignore"):
            found = self._computed(inputs, eps, momentum)
        return {name: v * (1 + self.noise) for name, v in found.items() if name in self.returns}

    def _computed(self, inputs: Inputs, eps: float, momentum: float) -> dict[str, Any]:
        x = inputs.x
        axis = {"any": inputs.channel_axes[0], "samples": 0}.get(str(self.axis), self.axis)
        rest = tuple(a for a in range(x.ndim) if a != int(axis) % x.ndim)
        mean, var = x.mean(rest), x.var(rest)
        shape = [1] * x.ndim
        shape[int(axis)] = -1
        normal = (x - mean.reshape(shape)) / _DIVISORS[self.eps](var.reshape(shape), eps)
        M = x.size // mean.size
        weight = momentum if self.momentum == "new" else 1 - momentum
        update = var * M / (M - 1) if self.running_var == "unbiased" else var
        assert inputs.gamma is not None
        assert inputs.beta is not None
        given = [1] * x.ndim
        given[inputs.channel_axes[0] if self.axis == "samples" else int(axis)] = -1
        found = {
            "y": normal * inputs.gamma.reshape(given) + inputs.beta.reshape(given),
            "inv_std": {
                "inverse std": 1 / np.sqrt(var + eps),
                "variance": var,
                "std": np.sqrt(var),
            }[self.inv_std],
            "var": var * M / (M - 1),
        }
        if inputs.running_mean is not None and inputs.running_mean.shape == mean.shape:
            assert inputs.running_var is not None
            found["running_mean"] = inputs.running_mean + weight * (mean - inputs.running_mean)
            found["running_var"] = inputs.running_var + weight * (update - inputs.running_var)
        return found
