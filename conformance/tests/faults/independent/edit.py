"""Faulty kernels from the text of the correct one: lines are replaced, the result is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from textwrap import indent
from typing import Any

from conformance.case import Actual, Inputs, Kernel
from conformance.tests.faults.independent import plain

_HALF_BYTES = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of the correct kernel, without its indentation, and what stands there instead."""

    old: str
    new: str

    def apply(self, source: str) -> str:
        """`source` with the line replaced; the new lines take the indentation of the old one."""
        lines = source.split("\n")
        found = [i for i, line in enumerate(lines) if line.strip() == self.old]
        assert len(found) == 1, f"{self.old!r} stands on {len(found)} lines, expected 1"
        at = found[0]
        margin = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines[at] = indent(self.new, margin)
        return "\n".join(lines)


@cache
def _source() -> str:
    return getsource(plain)


def edited(*edits: Edit, **names: Any) -> Kernel:
    """The correct kernel with these edits.

    Args:
        *edits: Applied in order, each to exactly one line.
        **names: Functions that the new lines call.
    """
    source = _source()
    for edit in edits:
        source = edit.apply(source)
    namespace: dict[str, Any] = {"__name__": "edited", **names}
    exec(compile(source, "<edited plain.py>", "exec"), namespace)  # noqa: S102 - our own constant text
    kernel: Kernel = namespace["batch_norm"]
    return kernel


def where(applies: Callable[[Inputs], bool], faulty: Kernel) -> Kernel:
    """The faulty kernel where its fault can occur, the correct one elsewhere."""

    def kernel(inputs: Inputs) -> Actual:
        return faulty(inputs) if applies(inputs) else plain.batch_norm(inputs)

    return kernel


def is_half(inputs: Inputs) -> bool:
    """Whether `x` is float16 or bfloat16."""
    return inputs.x.dtype.itemsize == _HALF_BYTES


TRAINING_DX = "dx = dxhat * inv_std + dvar * 2 * xmu / self.M + dmu / self.M"
"""The last line of the staged backward pass."""

CLOSED_DX = Edit(
    TRAINING_DX,
    "dx = inv_std * (dxhat - self.total(dxhat) / self.M"
    " - xhat * self.total(dxhat * xhat) / self.M)",
)
"""The closed form: differs from the staged one once the sum of xmu is not 0."""
