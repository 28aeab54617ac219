"""Flax's nnx: the calls of ``flax.nnx.BatchNorm``, by names that the layers carry meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import flax  # type: ignore[import-not-found, unused-ignore]  # checked without Flax too
from flax import nnx  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.capture.choice import Choice
from conformance.capture.flax_layers import setting, why_not
from conformance.capture.seen import Recorder
from conformance.capture.taps import AFTER, Call, Taps
from conformance.case import Dialect

_NAME = "captured_as"
"""The attribute by which a layer is known in functions that nnx gives a copy of it."""

_PARAMETERS = {"gamma": "scale", "beta": "bias"}
_STATISTICS = {"running_mean": "mean", "running_var": "var"}


def recorder(choice: Choice) -> Recorder:
    """An empty recorder in Flax's conventions."""
    about = f"flax.nnx {flax.__version__}"
    return Recorder(choice, Dialect(running_var="biased", momentum="old"), about)


@contextmanager
def watching(model: Any, recorder: Recorder) -> Iterator[Callable[[], None]]:
    """Watch the layers of a module.

    Args:
        model: A `flax.nnx.Module`.
        recorder: What takes their calls down.

    Yields:
        What is to be called at the end of a step.

    Raises:
        SelectionError: no layer is chosen.
    """
    layers = {
        ".".join(map(str, path)) or "model": node
        for path, node in nnx.iter_graph(model)
        if isinstance(node, nnx.BatchNorm)
    }
    recorder.choice.require_some(layers)
    taps, usual = Taps(recorder), nnx.BatchNorm.__call__
    for name, layer in layers.items():
        recorder.names.setdefault(name)
        setattr(layer, _NAME, name)
    nnx.BatchNorm.__call__ = _call(usual, recorder, taps)
    try:
        yield taps.settle
    finally:
        taps.close()
        nnx.BatchNorm.__call__ = usual
        for layer in layers.values():
            delattr(layer, _NAME)


def _call(usual: Callable[..., Any], recorder: Recorder, taps: Taps) -> Callable[..., Any]:
    """The call of the class, in which layers that have a name are watched."""

    def call(
        self: Any,
        x: Any,
        use_running_average: bool | None = None,  # noqa: FBT001 - as nnx has it
        *,
        mask: Any = None,
    ) -> Any:
        def run(given: Any) -> Any:
            return usual(self, given, use_running_average, mask=mask)

        name = getattr(self, _NAME, None)
        if name is None or not recorder.choice.takes_layer(name):
            return run(x)
        why = why_not(self, nnx.BatchNorm, x, {"mask": mask})
        if why:
            recorder.leave_out(name, why)
            return run(x)
        # nnx asks what was said at the call, then the layer; `train` and `eval` set the layer.
        averages = self.use_running_average if use_running_average is None else use_running_average
        made = taps.call(name, setting(self, training=not averages))
        return _watched(self, run, x, made, taps)

    return call


def _watched(layer: Any, usual: Callable[[Any], Any], x: Any, made: Call, taps: Taps) -> Any:
    """One call, with taps on x, y, the parameters and the statistics."""
    held = {name: getattr(layer, own) for name, own in _PARAMETERS.items()}
    parameters = {name: held[name] for name in held if held[name] is not None}
    values = {name: variable.get_value() for name, variable in parameters.items()}
    taps.tell(made, {"x": x, **values, **_statistics(layer)})
    with _tapped(parameters, values, made, taps):
        y = usual(taps.gradient(made, "dx", x))
    after = {f"{AFTER}{name}": value for name, value in _statistics(layer).items()}
    taps.tell(made, {"y": y, **after})
    return taps.gradient(made, "dy", y)


@contextmanager
def _tapped(
    parameters: dict[str, Any], values: dict[str, Any], made: Call, taps: Taps
) -> Iterator[None]:
    """Have taps on parameters while a layer is called, where nnx lets a value be set.

    Where it does not, they come from outside of what is traced: nobody differentiates by them.
    """
    held: dict[str, Any] = {}
    try:
        with suppress(flax.errors.TraceContextError):
            for name, variable in parameters.items():
                variable.set_value(taps.gradient(made, f"d{name}", values[name]))
                held[name] = variable
        yield
    finally:
        for name, variable in held.items():
            variable.set_value(values[name])


def _statistics(layer: Any) -> dict[str, Any]:
    return {name: getattr(layer, own).get_value() for name, own in _STATISTICS.items()}
