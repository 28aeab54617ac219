"""One instance of a `flax.nnx.Module`, called many times.

A step that goes backward is what a training loop does, `nnx.grad` of the instance itself, so that
all it keeps on itself stays there.  Where that cannot be (a backward pass after another forward
pass, `jax.checkpoint`, statistics in a mutable array of JAX), the instance is split into what is
learned and the rest, and the rest is given back to it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
import numpy as np
from flax import nnx  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.arrays import GRADIENT_OF
from conformance.case import Actual, Inputs
from conformance.harness.kernels import nnx_layers, steps
from conformance.harness.kernels.flax_layers import Plan
from conformance.harness.kernels.flax_living import FlaxLiving, like, pulled, state
from conformance.harness.kernels.instance import another, pickled
from conformance.harness.kernels.returned import as_numpy


class NnxInstance(FlaxLiving):
    """A module that lives for several calls."""

    def __init__(self, plan: Plan, make: Callable[[], Any], first: Inputs) -> None:
        """Make it with the options and variables of the first call."""
        self._make = make
        super().__init__(plan, self._made(first))

    def _made(self, inputs: Inputs) -> Any:
        layer = self._make()
        nnx_layers.give(layer, state(inputs))
        return layer

    def give(self, inputs: Inputs, how: str) -> None:
        """Give it the state of another, other variables, or its own variables other values."""
        if how == steps.LOAD:
            nnx.update(self.layer, nnx.state(self._made(inputs), nnx.Variable))
            return
        given = state(inputs)
        for name, (_, module, own) in nnx_layers.places(self.layer).items():
            variable = getattr(module, own)
            value = like(variable[...], given[name])
            if how == steps.REPLACE:
                setattr(module, own, variable.copy(value))
            else:
                variable[...] = value

    def copied(self, inputs: Inputs, how: str) -> Any:  # noqa: ARG002 - the layer has all
        """A copy by `nnx.clone`, a deep copy, or what a pickle holds."""
        ways = {steps.CLONE: nnx.clone, steps.DEEPCOPY: copy.deepcopy, steps.PICKLE: pickled}
        return ways[how](self.layer)

    def shown(self) -> Actual:
        """The running statistics."""
        return {name: as_numpy(name, v) for name, v in nnx_layers.shown(self.layer).items()}

    def forward(self, inputs: Inputs, x: Any) -> Any:
        """The y of one call."""
        return self.layer(x, **self._told(inputs))

    def slopes(self, inputs: Inputs, x: Any, dy: Any, how: str) -> dict[str, Any]:
        """The same with its gradients."""
        words = self._told(inputs)
        places = nnx_layers.places(self.layer) if how != steps.FROZEN else {}
        learned = {
            (*path, own): GRADIENT_OF[name]
            for name, (path, _, own) in places.items()
            if name in GRADIENT_OF
        }
        turn = _Turn(frozenset(learned), tuple(words.items()))
        if how in (steps.CHECKPOINT, steps.INTERLEAVED) or nnx_layers.mutates(self.layer):
            y, by_own, by_x = turn.split(self.layer, x, dy, how)
        elif how == steps.COMPILED:
            y, by_own, by_x = self.programs.setdefault(turn, nnx.jit(turn))(self.layer, x, dy)
        else:
            y, by_own, by_x = turn(self.layer, x, dy)
        named = {learned[path]: slope[...] for path, slope in nnx.to_flat_state(by_own)}
        return {"y": y, "dx": by_x, **named}

    def _told(self, inputs: Inputs) -> dict[str, bool]:
        """The words of the mode, which the layer was told by its attributes."""
        words = self.words(inputs)
        nnx_layers.tell(self.layer, words, training=inputs.training)
        return words


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn of a training loop, in either way.

    Attributes:
        learned: The paths of what is differentiated by.
        words: What a call is told of the mode.
    """

    learned: frozenset[tuple[Any, ...]]
    words: tuple[tuple[str, bool], ...]

    def __call__(self, layer: Any, x: Any, dy: Any) -> tuple[Any, Any, Any]:
        """By `nnx.grad` of a sum that has dy for its gradient by y."""

        def loss(layer: Any, x: Any) -> tuple[Any, Any]:
            y = layer(x, **dict(self.words))
            return jnp.sum(y * dy.astype(y.dtype)), y

        by = (nnx.DiffState(0, self._is_learned), 1)
        (by_own, by_x), y = nnx.grad(loss, argnums=by, has_aux=True)(layer, x)
        return y, by_own, by_x

    def split(self, layer: Any, x: Any, dy: Any, how: str) -> tuple[Any, Any, Any]:
        """By `jax.vjp` of a function of what is learned and of x."""
        graph, own, held, rest = nnx.split(layer, self._is_learned, nnx_layers.is_mutable, ...)

        def pure(own: Any, x: Any) -> tuple[Any, Any]:
            fresh = jax.tree.map(lambda leaf: leaf, rest)  # variables that may be set in here
            made = nnx.merge(graph, own, held, fresh)
            y = made(x, **dict(self.words))
            return y, nnx.state(made, self._is_learned, nnx_layers.is_mutable, ...)[2]

        def between(left: Any) -> None:
            nnx.update(layer, left)
            if how == steps.INTERLEAVED:
                layer(jnp.asarray(another(np.asarray(x))), **dict(self.words))

        called = jax.checkpoint(pure) if how == steps.CHECKPOINT else pure
        return pulled(called, own, x, dy, between=between)[:3]

    def _is_learned(self, path: tuple[Any, ...], _value: Any) -> bool:
        return path in self.learned
