"""What the paths of a graph that is made by hand have in common, whichever runtime has it."""

from __future__ import annotations

from collections.abc import Callable

from conformance.adapter import Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

ALL = frozenset(
    {
        "norm",
        "linear",
        "conv",
        "conv_transpose",
        "norm before linear",
        "norm before conv",
        "norm before conv_transpose",
    }
)
"""Every kind of block."""

TURNED = "channels last between two Transpose"


def path(name: str, about: str, run: Callable[[Inputs], Actual]) -> Path:
    """A path that takes every block; other adapters of the same graphs have theirs from here."""
    return Path(
        name=name,
        about=f"{about}; {TURNED}",
        run=run,
        dialect=Dialect(layout="channels_first"),
        capabilities=Capabilities(
            training=False, without_gamma=False, without_beta=False, blocks=ALL
        ),
    )


def device() -> str:
    """Where the paths run."""
    return "cpu"
