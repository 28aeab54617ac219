"""Flax's linen: an interceptor around the calls of ``flax.linen.BatchNorm``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flax  # type: ignore[import-not-found, unused-ignore]  # checked without Flax too
from flax import linen  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.capture.choice import Choice
from conformance.capture.flax_layers import setting, why_not
from conformance.capture.seen import Recorder
from conformance.capture.taps import AFTER, Call, Taps
from conformance.case import Dialect

_PARAMETERS = {"scale": "gamma", "bias": "beta"}
_STATISTICS = {"running_mean": "mean", "running_var": "var"}


def recorder(choice: Choice) -> Recorder:
    """An empty recorder in Flax's conventions."""
    about = f"flax.linen {flax.__version__}"
    return Recorder(choice, Dialect(running_var="biased", momentum="old"), about)


@contextmanager
def watching(model: Any, recorder: Recorder) -> Iterator[Callable[[], None]]:
    """Watch every linen BatchNorm that is called in this context, of whatever module.

    A function that was traced before is not traced again, so it is not seen.

    Args:
        model: The module; a linen module has no values, and is asked nothing.
        recorder: What takes the calls down.

    Yields:
        What is to be called at the end of a step.
    """
    del model
    taps = Taps(recorder)

    def intercept(usual: Callable[..., Any], args: Any, kwargs: Any, context: Any) -> Any:
        module = context.module
        if not isinstance(module, linen.BatchNorm) or context.method_name != "__call__":
            return usual(*args, **kwargs)
        name = ".".join(module.path) or "model"
        recorder.names.setdefault(name)
        if module.is_initializing() or not recorder.choice.takes_layer(name):
            return usual(*args, **kwargs)
        averages = args[1] if len(args) > 1 else kwargs.get("use_running_average")
        if averages is None:
            averages = module.use_running_average
        why = why_not(module, linen.BatchNorm, args[0], kwargs)
        if why:
            recorder.leave_out(name, why)
            return usual(*args, **kwargs)
        call = taps.call(name, setting(module, training=not averages))
        return _watched(lambda x: usual(x, *args[1:], **kwargs), args[0], module, call, taps)

    try:
        with linen.intercept_methods(intercept):
            yield taps.settle
    finally:
        taps.close()


def _watched(usual: Callable[[Any], Any], x: Any, module: Any, call: Call, taps: Taps) -> Any:
    """One call, with taps on x, y, the parameters and the statistics."""
    taps.tell(call, {"x": x, **_statistics(module)})
    param = module.param

    def tapped(name: str, *rest: Any, **more: Any) -> Any:
        value = param(name, *rest, **more)
        if name not in _PARAMETERS:
            return value
        known = _PARAMETERS[name]
        taps.tell(call, {known: value})
        return taps.gradient(call, f"d{known}", value)

    object.__setattr__(module, "param", tapped)  # a linen module is frozen outside of its setup
    try:
        y = usual(taps.gradient(call, "dx", x))
    finally:
        object.__delattr__(module, "param")
    after = {f"{AFTER}{name}": value for name, value in _statistics(module).items()}
    taps.tell(call, {"y": y, **after})
    return taps.gradient(call, "dy", y)


def _statistics(module: Any) -> dict[str, Any]:
    return {name: module.get_variable("batch_stats", own) for name, own in _STATISTICS.items()}
