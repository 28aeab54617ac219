"""One instance of a `flax.linen.Module` and its variables, called many times.

Modules of linen keep no variables: what a call leaves is handed to the next one, as a training loop
does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # the same
from flax import (  # type: ignore[import-not-found, unused-ignore]  # the same
    serialization,
    traverse_util,
)

from conformance.arrays import GRADIENT_OF
from conformance.case import Actual, Inputs
from conformance.harness.kernels import flax_variables, linen_layers, steps
from conformance.harness.kernels.flax_layers import Plan
from conformance.harness.kernels.flax_living import FlaxLiving, like, pulled, state
from conformance.harness.kernels.instance import another, pickled
from conformance.harness.kernels.linen_layers import Flat
from conformance.harness.kernels.returned import as_numpy


class LinenInstance(FlaxLiving):
    """A module and its variables, which live for several calls."""

    def __init__(self, plan: Plan, make: Callable[[], Any], first: Inputs) -> None:
        """Make both with the options and variables of the first call."""
        module, words = make(), plan.words(training=first.training)
        variables = linen_layers.initial(module, jnp.asarray(first.x), words)
        super().__init__(plan, (module, linen_layers.give(module, variables, state(first))))

    def give(self, inputs: Inputs, how: str) -> None:
        """Give it other variables, as they are or by way of a file's bytes."""
        module, variables = self.layer
        given = state(inputs)
        other = variables | {
            path: like(variables[path], given[name])
            for name, path in linen_layers.places(module, variables).items()
        }
        if how == steps.LOAD:
            nested = traverse_util.unflatten_dict(other)
            read = serialization.from_bytes(nested, serialization.to_bytes(nested))
            other = {path: jnp.asarray(array) for path, array in linen_layers.flat(read).items()}
        self.layer = (module, other)

    def copied(self, inputs: Inputs, how: str) -> Any:  # noqa: ARG002 - the layer has all
        """A clone of the module beside the same variables, a deep copy, or what a pickle holds."""
        if how == steps.CLONE:
            module, variables = self.layer
            return module.clone(), variables
        return copy.deepcopy(self.layer) if how == steps.DEEPCOPY else pickled(self.layer)

    def shown(self) -> Actual:
        """The running statistics."""
        return {n: as_numpy(n, v) for n, v in linen_layers.shown(*self.layer).items()}

    def forward(self, inputs: Inputs, x: Any) -> Any:
        """The y of one call; the variables are then what it left."""
        variables = self.layer[1]
        y, left = linen_layers.call(self._told(inputs), variables, x, self.words(inputs))
        self.layer = (self.layer[0], variables | left)
        return y

    def slopes(self, inputs: Inputs, x: Any, dy: Any, how: str) -> dict[str, Any]:
        """The same with its gradients."""
        module, words = self._told(inputs), self.words(inputs)
        variables = self.layer[1]
        places = linen_layers.places(module, variables) if how != steps.FROZEN else {}
        names = {path: GRADIENT_OF[name] for name, path in places.items() if name in GRADIENT_OF}
        learned = {path: variables[path] for path in names}
        rest = {path: value for path, value in variables.items() if path not in names}

        def pure(learned: Flat, rest: Flat, x: Any) -> tuple[Any, Flat]:
            return linen_layers.call(module, learned | rest, x, words)

        def between(left: Flat) -> None:
            if how == steps.INTERLEAVED:
                pure(learned, rest | left, jnp.asarray(another(inputs.x)))

        def program(learned: Flat, rest: Flat, x: Any, dy: Any) -> Any:
            called = jax.checkpoint(pure) if how == steps.CHECKPOINT else pure
            return pulled(lambda own, x: called(own, rest, x), learned, x, dy, between=between)

        if how == steps.COMPILED:
            key = (id(self.layer[0]), inputs.training)
            program = self.programs.setdefault(key, jax.jit(program))
        y, by_learned, by_x, left = program(learned, rest, x, dy)
        self.layer = (self.layer[0], variables | left)
        return {"y": y, "dx": by_x, **{names[path]: by for path, by in by_learned.items()}}

    def _told(self, inputs: Inputs) -> Any:
        """The module in the mode of a call, where its fields tell that.

        Raises:
            Unsupported: it is to be test mode, and the module keeps no statistics for it.
        """
        module, variables = self.layer
        if not inputs.training:
            flax_variables.require_running(linen_layers.places(module, variables))
        fields = self.plan.fields(training=inputs.training)
        return module.clone(**fields) if fields else module
