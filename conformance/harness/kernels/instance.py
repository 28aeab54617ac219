"""One instance that is called many times: what its steps have in common in every framework."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import numpy as np

from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported
from conformance.harness.kernels import steps


class Living(ABC):
    """A layer that lives for several calls; `steps` has the words.

    Attributes:
        layer: It, or the copy that took its place.
        LACKS: Steps that its framework has no word for.
        OF: What its framework calls such a layer, for the message.
    """

    LACKS: ClassVar[frozenset[str]] = frozenset()
    OF: ClassVar[str]

    def __init__(self, layer: Any) -> None:
        """Take a layer that has the parameters and running statistics of the first call."""
        self.layer = layer
        self._original = layer

    def __call__(self, inputs: Inputs, how: str) -> Actual:
        """Take a step.

        Raises:
            Unsupported: there is no such step here.
        """
        if how in self.LACKS:
            raise Unsupported(f"no step {how} with {self.OF}")
        self.prepare(inputs, how)
        found = self.passed(inputs, how)
        # After an interleaved step the running statistics are of another batch.
        return found if how == steps.INTERLEAVED else {**found, **self.shown()}

    def prepare(self, inputs: Inputs, how: str) -> None:
        """Do what a step asks for before the call."""
        if how in steps.SETTING:
            self.give(inputs, how)
        elif how in steps.COPYING:
            self._original = self.layer
            self.layer = self.copied(inputs, how)
        elif how == steps.ORIGINAL:
            self.layer = self._original

    @abstractmethod
    def give(self, inputs: Inputs, how: str) -> None:
        """Give the layer other parameters and running statistics, in one of the ways there are."""

    @abstractmethod
    def copied(self, inputs: Inputs, how: str) -> Any:
        """A copy of the layer, made in one of the ways there are."""

    @abstractmethod
    def passed(self, inputs: Inputs, how: str) -> Actual:
        """y, and the gradients where these are due."""

    @abstractmethod
    def shown(self) -> Actual:
        """The running statistics that the layer holds by now."""


def wants_gradients(inputs: Inputs, how: str) -> bool:
    """Whether a step goes backward."""
    return inputs.dy is not None and how not in (steps.FORWARD, steps.NO_GRAD)


def halves(dy: Array) -> tuple[Array, Array]:
    """Two gradients that add up to one: every other element in each, and zeros."""
    first = np.arange(dy.size).reshape(dy.shape) % 2 == 0
    zero = np.zeros((), dy.dtype)
    return np.where(first, dy, zero), np.where(first, zero, dy)


def another(x: Array) -> Array:
    """A batch of the same shape with other statistics."""
    return np.asarray(-2 * x[::-1], dtype=x.dtype)


def pickled(layer: Any) -> Any:
    """The layer as another process would have it; its class may have no name to import.

    Raises:
        Unsupported: it cannot be pickled.
    """
    try:
        return cloudpickle.loads(cloudpickle.dumps(layer))
    except (TypeError, AttributeError, cloudpickle.pickle.PicklingError) as error:
        raise Unsupported(f"it cannot be pickled: {error}") from error
