"""The context in which a model's batch normalizations are captured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from conformance.capture import answers, folder
from conformance.capture.choice import MOST_VALUES, Choice
from conformance.capture.report import Report
from conformance.capture.seen import Recorder
from conformance.errors import InputError

_KINDS = (
    ("torch.nn", "Module", "of_torch"),
    ("keras", "layers.Layer", "of_keras"),
    ("flax.nnx", "Module", "of_nnx"),
    ("flax.linen", "Module", "of_linen"),
)
"""Modules, the class in them that a model has, and what watches it; the first that fits is used."""


class Capture:
    """What is being captured."""

    def __init__(self, recorder: Recorder, settle: Callable[[], None]) -> None:
        """Begin with step 0."""
        self._recorder, self._settle = recorder, settle

    @property
    def step(self) -> int:
        """The number of the step that runs."""
        return self._recorder.step

    def next_step(self) -> None:
        """Say that a step of training or testing is over; the next one has the next number."""
        self._settle()
        self._recorder.step += 1

    def report(self, progress: Callable[[int, int], None] = lambda *_: None) -> Report:
        """Solve and prove all that was captured, and judge what the framework gave.

        Args:
            progress: Called after every call with how many are done, of how many.
        """
        self._settle()
        found, left = answers.answered(self._recorder, progress)
        return Report(
            about=self._recorder.about, digest=None, answers=tuple(found), left=tuple(left)
        )

    def write(self, place: str | Path) -> Report:
        """`report`, written as golden files.

        Args:
            place: A folder that does not exist or is empty.

        Raises:
            OutputError: something lies there; nothing is overwritten.
            SelectionError: nothing was captured; the message says why.
        """
        folder.require_new(Path(place))
        return folder.write(self.report(), Path(place))


@contextmanager
def capturing(
    model: Any,
    *,
    layers: str | Iterable[str] = "*",
    steps: Iterable[int] | None = None,
    most_values: int = MOST_VALUES,
    channels: int | None = None,
) -> Iterator[Capture]:
    """Capture what the batch normalizations of a model are given, and what they give.

    Args:
        model: A `torch.nn.Module`, a Keras layer or model, or a Flax module (nnx or linen).
        layers: Globs over the names of its layers, such as ``"layer1.*"``.
        steps: Numbers of the steps, from 0, which `Capture.next_step` ends; None for all.
        most_values: Values of x that are kept of all calls together; the largest go first.
        channels: How many channels of each call are kept, evenly spread; None for all.

    Yields:
        What is captured; write it once the context is over.

    Raises:
        InputError: the model is none of these, or a choice is none.
        SelectionError: no layer is chosen.
    """
    choice = Choice(
        layers=(layers,) if isinstance(layers, str) else tuple(layers),
        steps=None if steps is None else frozenset(steps),
        most_values=most_values,
        channels=channels,
    )
    kind = _kind(model)
    recorder = kind.recorder(choice)
    with kind.watching(model, recorder) as settle:
        yield Capture(recorder, settle)
        settle()
    choice.require_some(recorder.names)


def _kind(model: object) -> Any:
    """The module that watches models of this kind; nothing is imported that the model did not."""
    for module, name, watcher in _KINDS:
        found: Any = sys.modules.get(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if isinstance(found, type) and isinstance(model, found):
            return import_module(f"conformance.capture.{watcher}")
    raise InputError(
        f"the model is {type(model).__name__}, a torch.nn.Module, a Keras layer or a Flax module "
        "(nnx or linen) was wanted. Give the module itself, and not what trains it."
    )
