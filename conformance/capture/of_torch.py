"""PyTorch: hooks on modules for what goes in and out, and on nodes of autograd for gradients.

The gradients are those of one call: a node of autograd is told what comes back to it, and what it
hands on, before anything is added up in a leaf or in a branch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ml_dtypes
import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too

from conformance.capture.choice import Choice
from conformance.capture.seen import Recorder, Seen, Setting
from conformance.case import Array, Dialect
from conformance.errors import InputError

_LAYER = torch.nn.modules.batchnorm._BatchNorm  # noqa: SLF001 - no public name is common to them
_SYNC = torch.nn.SyncBatchNorm
_PARAMETERS = {"gamma": "weight", "beta": "bias"}
_BUFFERS = ("running_mean", "running_var")
_OWED = ("dx", "dgamma", "dbeta")
_ORDERS = {4: torch.channels_last, 5: torch.channels_last_3d}


def recorder(choice: Choice) -> Recorder:
    """An empty recorder in PyTorch's conventions."""
    return Recorder(choice, Dialect(), f"torch {torch.__version__}")


@contextmanager
def watching(model: Any, recorder: Recorder) -> Iterator[Callable[[], None]]:
    """Watch the layers of a module.

    Args:
        model: A `torch.nn.Module`, not compiled.
        recorder: What takes their calls down.

    Yields:
        What is to be called at the end of a step.

    Raises:
        InputError: the model is compiled.
        SelectionError: no layer is chosen.
    """
    layers = [(name or "model", m) for name, m in model.named_modules() if _is_one(m)]
    if any(_is_compiled(module) for module in model.modules()):
        raise InputError(
            "the model is compiled, and hooks do not see what a compiled one computes. Give the "
            "model as it is before torch.compile."
        )
    recorder.choice.require_some(name for name, _ in layers)
    handles = []
    for name, module in layers:
        recorder.names.setdefault(name)
        if type(module).forward is not _LAYER.forward:
            recorder.leave_out(name, _why_not(module))
        elif recorder.choice.takes_layer(name):
            handles += _Watched(name, recorder).hooks(module)
    try:
        yield lambda: None
    finally:
        for handle in handles:
            handle.remove()


def _is_one(module: Any) -> bool:
    return isinstance(module, _LAYER)


def _is_compiled(module: Any) -> bool:
    wrapped = type(module).__name__ == "OptimizedModule"
    return wrapped or getattr(module, "_compiled_call_impl", None) is not None


def _why_not(module: Any) -> str:
    if isinstance(module, _SYNC):
        return "SyncBatchNorm has statistics of all processes, of which this one sees a part"
    return f"{type(module).__name__} has a forward of its own, which may do more than normalize"


class _Watched:
    """One layer."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name, self._recorder = name, recorder
        self._open: Seen | None = None

    def hooks(self, module: Any) -> list[Any]:
        """Hang on; the handles let go."""
        return [
            module.register_forward_pre_hook(self._before, with_kwargs=True),
            module.register_forward_hook(self._after),
        ]

    def _before(self, module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self._open = None
        if not self._recorder.wants(self._name):
            return
        x = given[0] if given else named["input"]
        self._open = one = self._recorder.open(self._name, x.shape, _setting(module))
        if one is None:
            return
        one.give("x", _array(x))
        _lies(one, "x", x)
        for name, own in _PARAMETERS.items():
            if getattr(module, own) is not None:
                one.give(name, _array(getattr(module, own)))
        if _counts(module):
            for name in _BUFFERS:
                one.give(name, _array(getattr(module, name)))

    def _after(self, module: Any, _given: Any, y: Any) -> None:
        one, self._open = self._open, None
        if one is None:
            return
        one.got("y", _array(y))
        if _counts(module):
            for name in _BUFFERS:
                one.got(name, _array(getattr(module, name)))
        node = y.grad_fn
        if node is None:
            return
        if "BatchNorm" not in node.name() or len(node.next_functions) != len(_OWED):
            one.notes.append(f"its gradients go through {node.name()}, which is not looked into")
            return
        node.register_hook(lambda handed, came: _backward(one, handed, came))


def _backward(one: Seen, handed: tuple[Any, ...], came: tuple[Any, ...]) -> None:
    """What came back to a call, and what it handed on: for y, and by x, gamma and beta."""
    if came[0] is None:
        return
    if "dy" in one.given:
        one.notes.append("it was differentiated more than once; the first time is what is here")
        return
    one.give("dy", _array(came[0]))
    _lies(one, "dy", came[0])
    for name, gradient in zip(_OWED, handed, strict=True):
        if gradient is not None:
            one.got(name, _array(gradient))


def _counts(module: Any) -> bool:
    """Whether running statistics are read or kept in a call."""
    has = module.running_mean is not None and module.running_var is not None
    return has and (not module.training or bool(module.track_running_stats))


def _setting(module: Any) -> Setting:
    return Setting(
        eps=float(module.eps),
        momentum=_momentum(module),
        training=bool(module.training) or not _counts(module),
        axis=1,
    )


def _momentum(module: Any) -> float:
    """The weight of the new statistics in the next call; with momentum None that of a mean."""
    if module.momentum is not None:
        return float(module.momentum)
    counted = module.num_batches_tracked
    if not (module.training and module.track_running_stats) or counted is None:
        return 0.0
    return 1.0 / (int(counted) + 1)


def _lies(one: Seen, name: str, tensor: Any) -> None:
    """Take down that an array lies in memory with its channels last."""
    order = _ORDERS.get(tensor.ndim)
    if order is None or tensor.is_contiguous():
        return
    if tensor.is_contiguous(memory_format=order):
        one.memory[name] = "channels_last"


def _array(tensor: Any) -> Array:
    """The values of a tensor, in memory of their own."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        bits: Array = plain.view(torch.int16).numpy()
        return np.array(bits.view(ml_dtypes.bfloat16))
    return np.array(plain.numpy())
