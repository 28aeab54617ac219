"""One call of a function: which arguments, in which axis order, and what came back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance import layout
from conformance.arrays import GRADIENT_OF, INPUT_NAMES, LIKE_X, MASK, RUNNING
from conformance.case import Actual, Array, Dialect, Inputs
from conformance.errors import AdapterError, Unsupported
from conformance.float_types import NARROW
from conformance.harness.kernels import contract
from conformance.harness.kernels.bridges import Bridge, Given
from conformance.harness.kernels.contract import Parameters
from conformance.harness.kernels.fence import Fenced, breach, fenced, fenced_together
from conformance.harness.kernels.returned import as_numpy


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A kernel that is a function, ready to be called on `Inputs`.

    Attributes:
        function: What is called.
        takes: Its parameters.
        bridge: Whose arrays it takes.
        dialect: Its conventions.
        differentiates: Whether gradients are due by automatic differentiation.
        keeps_running: Whether its running statistics can be held to a momentum.
    """

    function: Callable[..., Any]
    takes: Parameters
    bridge: Bridge
    dialect: Dialect
    differentiates: bool
    keeps_running: bool = True

    def __call__(self, inputs: Inputs, leave_out: tuple[str, ...] = ()) -> Actual:
        """Run one call; shapes and axis order of the outputs are those of `inputs`.

        Args:
            inputs: The call.
            leave_out: Arguments that the kernel is not given, so that its defaults show; and
                gradients that are not asked for.

        Raises:
            Unsupported: the kernel cannot take it.
            AdapterError: it broke the contract.
        """
        refused = contract.refusal(self.takes, inputs)
        if refused is not None:
            raise Unsupported(refused)
        seen = self._ordered(inputs)
        fences = _fences(self._arrays(seen), shared=not self.bridge.IN_PLACE)
        scalars = self._scalars(seen)

        def forward(given: Given) -> dict[str, Any]:
            values = {**dict.fromkeys((*INPUT_NAMES, MASK)), **scalars, **given}
            kept = {n: v for n, v in values.items() if n not in leave_out}
            places, words = self.takes.bound(kept)
            found = contract.named(self.function(*places, **words))
            return self._with_running(found, given)

        key = (tuple(sorted(scalars.items())), leave_out)
        try:
            found = self.bridge.run(forward, fences, self._leaves(seen, fences, leave_out), key)
        except NotImplementedError as refusal:
            raise Unsupported(str(refusal) or "NotImplementedError") from refusal
        except (TypeError, ValueError, RuntimeError) as refusal:
            unusual = _unusual(inputs)
            if unusual is None:
                raise
            raise Unsupported(f"no {unusual}: {refusal}") from refusal
        outputs = {name: as_numpy(name, value) for name, value in found.items()}
        _check_writes(fences, RUNNING if self.bridge.IN_PLACE else ())
        # Automatic differentiation may hand a slope through; a kernel's own outputs are its own.
        own = {n: v for n, v in outputs.items() if n == "y" or not self.differentiates}
        _check_views(fences, own)
        return self._back(outputs, inputs)

    def _ordered(self, inputs: Inputs) -> Inputs:
        """The call in the axis order that the kernel works in."""
        if self.takes.takes("axis") and self.dialect.layout == "any":
            return inputs
        axis = _single(inputs)
        last = self.dialect.layout == "channels_last"
        move = layout.channels_last if last else layout.channels_first
        return replace(
            inputs,
            x=move(inputs.x, axis),
            dy=None if inputs.dy is None else move(inputs.dy, axis),
            mask=None if inputs.mask is None else move(inputs.mask, axis),
            axis=inputs.x.ndim - 1 if last else 1,
        )

    def _back(self, outputs: Mapping[str, Array], inputs: Inputs) -> Actual:
        if self.takes.takes("axis") and self.dialect.layout == "any":
            return outputs
        last = self.dialect.layout == "channels_last"
        move = layout.from_channels_last if last else layout.from_channels_first
        axis = _single(inputs)
        return {
            name: move(v, axis) if name in LIKE_X and v.ndim == inputs.x.ndim else v
            for name, v in outputs.items()
        }

    def _arrays(self, inputs: Inputs) -> dict[str, Array]:
        """The arrays that are given: a parameter without default is never given None."""
        given = inputs.given()
        neutral = {"gamma": np.ones, "beta": np.zeros}
        for name, fill in neutral.items():
            if name not in given and name in self.takes.required:
                given[name] = fill(inputs.channel_shape, dtype=inputs.parameter_dtype)
        if "dy" not in given and "dy" in self.takes.required:
            given["dy"] = np.zeros_like(inputs.x)
        wanted = {name for name in INPUT_NAMES if self.takes.takes(name)}
        if self.differentiates:
            wanted.add("dy")
        arrays = {name: array for name, array in given.items() if name in wanted}
        return arrays if inputs.mask is None else {**arrays, MASK: inputs.mask}

    def _scalars(self, inputs: Inputs) -> dict[str, Any]:
        momentum = inputs.momentum
        axis = inputs.axis
        return {
            "eps": inputs.eps,
            "momentum": momentum if self.dialect.momentum == "new" else 1.0 - momentum,
            "training": inputs.training,
            "axis": tuple(axis) if isinstance(axis, tuple) else int(axis),
        }

    def _leaves(
        self, inputs: Inputs, fences: Mapping[str, Fenced], leave_out: Collection[str]
    ) -> tuple[str, ...]:
        if not self.differentiates or inputs.dy is None:
            return ()
        return tuple(
            n for n, slope in GRADIENT_OF.items() if n in fences and slope not in leave_out
        )

    def _with_running(self, found: dict[str, Any], given: Given) -> dict[str, Any]:
        """Running statistics that were updated in place; none that cannot be held to momentum."""
        if not self.keeps_running:
            return {name: v for name, v in found.items() if name not in RUNNING}
        if self.bridge.IN_PLACE:
            in_place = {n: given[n] for n in RUNNING if n in given and self.takes.takes(n)}
            found = {**in_place, **found}
        return found


def _unusual(inputs: Inputs) -> str | None:
    """What a kernel may refuse with an error of its own, as many do: nothing wrong comes of it."""
    if inputs.types in NARROW:
        return inputs.types
    if not 0.0 < inputs.eps <= 1.0:
        return f"eps of {inputs.eps:g}"
    return None if 0.0 <= inputs.momentum <= 1.0 else f"momentum of {inputs.momentum:g}"


def _single(inputs: Inputs) -> int:
    if isinstance(inputs.axis, tuple):
        raise Unsupported("no per-activation mode")
    return inputs.channel_axes[0]


def _fences(arrays: Mapping[str, Array], *, shared: bool) -> dict[str, Fenced]:
    """A fence for every array; arrays that are one stay one where nothing is updated in place."""
    made: dict[object, Fenced] = {}
    fences = {}
    if "dy" in arrays and np.may_share_memory(arrays["x"], arrays["dy"]):
        pair = {name: arrays[name] for name in ("x", "dy")}
        keys = [id(array) if shared else name for name, array in pair.items()]
        made.update(zip(keys, fenced_together([*pair.values()]), strict=True))
    for name, array in arrays.items():
        key: object = id(array) if shared else name
        if key not in made:
            made[key] = fenced(array)
        fences[name] = made[key]
    return fences


def _check_writes(fences: Mapping[str, Fenced], in_place: tuple[str, ...]) -> None:
    fault = breach(fences, in_place)
    if fault is not None:
        raise AdapterError(f"{fault}. A kernel must leave what it is given as it is.")


def _check_views(fences: Mapping[str, Fenced], outputs: Mapping[str, Array]) -> None:
    for name, output in outputs.items():
        if name in RUNNING or not output.size:
            continue  # in test mode the running statistics come back as they are
        for given, fence in fences.items():
            if np.may_share_memory(output, fence.flat):
                raise AdapterError(
                    f"{name} is a view of {given}, an array of its own was wanted. Copy it."
                )
