"""JAX: identities that tell the values which pass through them, forward and backward.

They work under `jax.grad` and `jax.jit`: what is told comes by callbacks, with the numbers of a
call that were known when the function was traced, and the step at which it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
import numpy as np

from conformance.capture.seen import Recorder, Setting
from conformance.case import Array

_GIVEN = ("x", "gamma", "beta", "running_mean", "running_var", "dy")
AFTER = "after "
"""What stands before the name of a statistic after the call."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call of a layer in a function that was traced; run, it is one call in each step.

    Attributes:
        layer: The layer.
        setting: How it normalizes.
        told: What passed since the last step was over, by name.
        twice: A name that was told more than once in a step; empty where none was.
    """

    layer: str
    setting: Setting
    told: dict[str, Array] = field(default_factory=dict)
    twice: str = ""

    def hear(self, name: str, value: Any) -> None:
        """Take a value down."""
        if name in self.told:
            self.twice = name
        self.told[name] = np.array(value)


class Taps:
    """All calls of a model, from tracing to the end of each step."""

    def __init__(self, recorder: Recorder) -> None:
        """Begin without any."""
        self._recorder = recorder
        self._calls: list[Call] = []
        self._is_on = True

    def call(self, layer: str, setting: Setting) -> Call:
        """A call that is being traced."""
        made = Call(layer=layer, setting=setting)
        self._calls.append(made)
        return made

    def close(self) -> None:
        """Take nothing down any more: what was compiled with taps in it goes on running."""
        self._is_on = False

    def tell(self, call: Call, values: Mapping[str, Any]) -> None:
        """Take values down when they are computed, wherever that is."""
        for name, value in values.items():
            if value is not None:
                jax.debug.callback(partial(self._hear, call, name), value)

    def gradient(self, call: Call, name: str, value: Any) -> Any:
        """The same value; the gradient that comes back to it is taken down."""

        @jax.custom_vjp  # type: ignore[untyped-decorator, unused-ignore]  # without JAX
        def same(passing: Any) -> Any:
            return passing

        def forward(passing: Any) -> tuple[Any, None]:
            return passing, None

        def backward(_: None, gradient: Any) -> tuple[Any]:
            self.tell(call, {name: gradient})
            return (gradient,)

        same.defvjp(forward, backward)
        return same(value)

    def _hear(self, call: Call, name: str, value: Any) -> None:
        if self._is_on and self._recorder.choice.takes_step(self._recorder.step):
            call.hear(name, value)

    def settle(self) -> None:
        """Wait for all that was computed, and make a call of what each told in this step."""
        jax.effects_barrier()
        for call in self._calls:
            told, call.told = call.told, {}
            twice, call.twice = call.twice, ""
            if twice:
                self._recorder.leave_out(
                    call.layer,
                    "a compiled function called it more than once in a step, and its calls cannot "
                    "be told apart; end a step after each",
                    self._recorder.step,
                )
            elif "x" in told and "y" in told and self._recorder.wants(call.layer):
                self._take(call, told)

    def _take(self, call: Call, told: Mapping[str, Array]) -> None:
        one = self._recorder.open(call.layer, told["x"].shape, call.setting)
        if one is None:
            return
        for name in _GIVEN:
            if name in told:
                one.give(name, told[name])
        for name, value in told.items():
            if name.startswith(AFTER):
                one.got(name.removeprefix(AFTER), value)
            elif name not in _GIVEN:
                one.got(name, value)
