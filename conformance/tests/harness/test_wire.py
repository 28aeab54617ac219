"""Messages between a run and its worker."""

from __future__ import annotations

import io
from dataclasses import fields, replace

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Inputs
from conformance.harness import wire
from conformance.tests.oracle.by_hand import make


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_inputs_survive_the_wire(dtype: type) -> None:
    """Every field of the inputs arrives, bit for bit, in its type."""
    inputs = make((6, 4, 2), dtype, axis=(1, 2), eps=0.1, gamma=None)
    inputs = replace(inputs, earlier=(inputs.x, inputs.x[::-1]), memory="strided")
    stream = io.BytesIO()
    wire.send(stream, *wire.pack(inputs))
    stream.seek(0)
    arrived = wire.unpack(*wire.receive(stream))
    for field in fields(Inputs):
        sent, got = getattr(inputs, field.name), getattr(arrived, field.name)
        for a, b in zip(np.atleast_1d(sent), np.atleast_1d(got), strict=True):
            assert np.array_equal(a, b), field.name
        if isinstance(sent, np.ndarray):
            assert sent.dtype == got.dtype


def test_truncated_message_is_an_end() -> None:
    """A message that stops in the middle is never taken for a whole one."""
    stream = io.BytesIO()
    wire.send(stream, *wire.pack(make((6, 4), np.float32)))
    with pytest.raises(EOFError):
        wire.receive(io.BytesIO(stream.getvalue()[:-1]))


def test_absurd_announcement_is_refused() -> None:
    """A length beyond reason is refused before memory is asked for."""
    with pytest.raises(ValueError, match="announces"):
        wire.receive(io.BytesIO(b"batchnrm" + b"\xff" * 16))
