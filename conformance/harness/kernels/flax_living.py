"""What the steps on an instance of Flax's two interfaces have in common; `steps` has the words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs
from conformance.harness.kernels import steps
from conformance.harness.kernels.flax_layers import Plan
from conformance.harness.kernels.instance import Living, halves, wants_gradients
from conformance.harness.kernels.returned import as_numpy

Pure: TypeAlias = Callable[[Any, Any], tuple[Any, Any]]
"""From what is learned, as a tree, and x to y and to what else a call leaves."""

_LIKE_X = ("y", "dx")


class FlaxLiving(Living):
    """A Flax module that lives for several calls."""

    LACKS = frozenset({steps.UNHOOKED, steps.CUMULATIVE})
    OF = "Flax modules"

    def __init__(self, plan: Plan, layer: Any) -> None:
        """Take what was made by a plan."""
        super().__init__(layer)
        self.plan = plan
        self.programs: dict[object, Callable[..., Any]] = {}

    def words(self, inputs: Inputs) -> dict[str, bool]:
        """What a call is told of the mode."""
        return self.plan.words(training=inputs.training)

    def passed(self, inputs: Inputs, how: str) -> Actual:
        """Forward, and backward where that is due; gradients are added as by a training loop."""
        x = jnp.asarray(inputs.x)
        if inputs.dy is None or not wants_gradients(inputs, how):
            return {"y": as_numpy("y", self.forward(inputs, x))}
        dys = halves(inputs.dy) if how == steps.ACCUMULATE else (inputs.dy,)
        first, *more = [self.slopes(inputs, x, jnp.asarray(dy), how) for dy in dys]
        found = {n: v if n == "y" else sum((one[n] for one in more), v) for n, v in first.items()}
        return {n: as_numpy(n, v if n in _LIKE_X else jnp.ravel(v)) for n, v in found.items()}

    @abstractmethod
    def forward(self, inputs: Inputs, x: Any) -> Any:
        """The y of one call."""

    @abstractmethod
    def slopes(self, inputs: Inputs, x: Any, dy: Any, how: str) -> dict[str, Any]:
        """The same with its gradients."""


def state(inputs: Inputs) -> dict[str, Any]:
    """The parameters and running statistics that a call gives."""
    return {n: jnp.asarray(a) for n, a in inputs.given().items() if n not in ("x", "dy")}


def like(own: Any, value: Any) -> Any:
    """A value in the type and shape that a variable has."""
    return jnp.reshape(jnp.asarray(value, own.dtype), own.shape)


def nothing(_left: Any) -> None:
    """Happens between forward and backward as a rule."""


def pulled(
    pure: Pure, learned: Any, x: Any, dy: Any, *, between: Callable[[Any], None] = nothing
) -> tuple[Any, Any, Any, Any]:
    """Go forward and backward once, by `jax.vjp`.

    Args:
        pure: The call.
        learned: What to differentiate by beside x, as a tree.
        x: The batch.
        dy: The upstream gradient.
        between: Called before the backward pass with what the forward pass left.

    Returns:
        y, the gradients by what is learned and by x, and what the forward pass left.
    """
    y, pull_back, left = jax.vjp(pure, learned, x, has_aux=True)
    between(left)
    by_learned, by_x = pull_back(dy.astype(y.dtype))
    return y, by_learned, by_x, left
