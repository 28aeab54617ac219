"""How much an answer may hold: it follows from the question, on both sides of the pipe.

The worker refuses to send more and says which output it is; the near side refuses to read more,
since a kernel shares the worker's process and may send what it likes.
"""

from __future__ import annotations

from math import prod

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Inputs

_WRONG_SHAPE = 16
"""How many times the values of x an output may hold: a wrong shape is a verdict, not a danger."""

_WIDEST = 32
"""Bytes per value that is due: twice those of the widest float, for outputs of a wrong shape."""

_SMALL = 64
"""Values that every output may have, however few x has."""

REASON = 8192
"""Characters of a reason."""

TRACE = 16384
"""Characters of a trace."""

HEADER = 1 << 18
"""Bytes of the header of an answer: a reason and a trace in the longest characters, and room."""

SERIES = 1 << 20
"""Bytes of the header of the answer to a series of calls: which answer came to each, and why."""

DESCRIPTION = 1 << 20
"""Bytes of what an adapter says of itself."""

PROGRAM = 1 << 22
"""Characters of a program that reproduces a call."""


def elements(inputs: Inputs) -> int:
    """How many values one output may hold."""
    return _WRONG_SHAPE * (inputs.x.size + _SMALL)


def nbytes(inputs: Inputs, *, repeat: bool) -> int:
    """How many bytes all outputs of a call may have together; twice that where it is repeated."""
    due = sum(prod(inputs.shape_of(name)) + _SMALL for name in OUTPUT_NAMES)
    return _WIDEST * due * (2 if repeat else 1)
