"""How x lies in memory in a call, as far as a kernel that refuses it can tell."""

from __future__ import annotations

from conformance.case import Array, Inputs
from conformance.memory import laid_out, of_arrays, words


def x_as_it_lies(inputs: Inputs) -> Array:
    """A copy of x alone in the memory that it has in the call, whatever else shares it."""
    alone = Inputs(
        x=inputs.x,
        axis=inputs.axis,
        memory=words({"x": of_arrays(inputs.memory)["x"]}),
    )
    return laid_out(alone).x
