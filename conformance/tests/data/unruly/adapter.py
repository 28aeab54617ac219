"""An adapter whose paths misbehave in every way that a worker must survive; for the tests."""

from __future__ import annotations

import os
import signal
import sys
import time

import numpy as np

from conformance.adapter import Adapter, Capabilities, Path
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Inputs
from conformance.errors import Unsupported


def good(inputs: Inputs) -> Actual:
    """The textbook in float64."""
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    wide = inputs.x.astype(np.float64)
    return {"mean": wide.mean(axis=axes), "var": wide.var(axis=axes)}


def segfault(_: Inputs) -> Actual:
    """Die as a wild pointer does."""
    sys.stderr.write("about to die\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def leave(_: Inputs) -> Actual:
    """Exit as if nothing had happened."""
    os._exit(0)


def hang(_: Inputs) -> Actual:
    """Never return."""
    time.sleep(3600)
    return {}


def noise(inputs: Inputs) -> Actual:
    """Print to the standard output, by Python and by file descriptor."""
    sys.stdout.write("x" * 10_000)
    os.write(1, b"y" * 10_000)
    return good(inputs)


def throw(_: Inputs) -> Actual:
    """Raise."""
    raise FloatingPointError("something went wrong")


def refuse(_: Inputs) -> Actual:
    """Say that it cannot."""
    raise Unsupported("not on a Friday")


def mutate(inputs: Inputs) -> Actual:
    """Write to an input."""
    inputs.x[...] = 0
    return good(inputs)


def stray(_: Inputs) -> Actual:
    """Return what is no array."""
    return {"mean": 3.0}  # type: ignore[dict-item]


def lying(inputs: Inputs) -> Actual:
    """Tell how the arrays lie, in numbers."""
    slope = np.empty(()) if inputs.dy is None else inputs.dy
    return {"mean": np.array(inputs.x.strides), "var": np.array(slope.strides)}


def shout(_: Inputs) -> Actual:
    """Raise with a megabyte of what no terminal should get, and with half a character."""
    raise ValueError("\x1b[2J\ud800" * 200_000)


def words(_: Inputs) -> Actual:
    """Return an array of texts."""
    return {"mean": np.array(["all is well"])}


def objects(_: Inputs) -> Actual:
    """Return an array of whatever there is."""
    return {"mean": np.array([{}, None], dtype=object)}


def swapped(inputs: Inputs) -> Actual:
    """Return an array in the other byte order."""
    mean = good(inputs)["mean"]
    return {"mean": mean.astype(mean.dtype.newbyteorder())}


def crowd(inputs: Inputs) -> Actual:
    """Return nothing that is too large, and too much of it."""
    return {name: np.zeros(16 * inputs.x.size) for name in OUTPUT_NAMES}


def other(inputs: Inputs) -> Actual:
    """Return an output under a name of its own."""
    return {"average": good(inputs)["mean"]}


_PATHS = (good, segfault, leave, hang, noise, throw, refuse, mutate, stray, lying)
_ODD = (shout, words, objects, swapped, crowd, other)

ADAPTER = Adapter(
    name="unruly",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=(
        *(Path(name=f.__name__, about=f.__doc__ or "", run=f) for f in (*_PATHS, *_ODD)),
        Path(
            name="narrow",
            about="",
            run=good,
            capabilities=Capabilities(dtypes=frozenset({"float16"})),
        ),
        Path(name="sampled", about="", run=good, sample=("other/*",), sample_reason="too slow"),
    ),
)
