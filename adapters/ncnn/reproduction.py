"""A call of a path as a program in the terms of ncnn, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

from conformance import layout
from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from .net import WEIGHTS, text


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call and prints y as nested lists: there is no other output."""
    assert output == "y"  # noqa: S101 - the paths return nothing else
    return "\n".join(_lines(path, inputs)) + "\n"


def _lines(path: str, inputs: Inputs) -> Iterator[str]:
    (axis,) = inputs.channel_axes
    yield from ("import ncnn", "import numpy as np", "")
    yield f"x = {_array(layout.channels_first(inputs.x, axis))}"
    yield "weights = ["
    for name in WEIGHTS:
        yield f"    {_array(getattr(inputs, name))},  # {name.replace('_', ' ')}"
    yield "]"
    yield "net = ncnn.Net()"
    yield f"net.load_param_mem({text(inputs)!r})"
    yield 'net.load_model_mem(b"".join(values.tobytes() for values in weights))'
    yield "def extracted(mat):"
    yield "    extractor = net.create_extractor()"
    yield '    extractor.input("x", mat.clone())'
    yield '    return extractor.extract("y")[1]'
    if path == "batch":
        yield "found = extracted(ncnn.Mat(x, batch_index=0))"
        yield "y = np.stack([np.array(found.batch(place)) for place in range(found.n)])"
    else:
        yield "y = np.stack([np.array(extracted(ncnn.Mat(sample))) for sample in x])"
    yield f"print(np.moveaxis(y, 1, {axis}).tolist())"


def _array(values: Array) -> str:
    return in_numpy(values, "np.float32")
