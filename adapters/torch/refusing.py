"""What PyTorch refuses by design, in its own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.errors import Unsupported

REFUSALS = (
    (
        "Expected more than 1 value per channel when training",
        "training refuses one value per channel",
    ),
    ("input tensor must have at least one element", "training refuses an empty batch here"),
    ("eps must be positive during training", "training refuses an eps of 0"),
    ("No working C++ compiler found", "Inductor finds no C++ compiler"),
)
"""PyTorch's own words for an input that it does not take, and ours."""


@contextmanager
def refusals(known: tuple[tuple[str, str], ...] = REFUSALS) -> Iterator[None]:
    """Turn the refusals that are known into `Unsupported`; every other error is a finding."""
    try:
        yield
    except Exception as error:  # a compiler raises its own kinds
        for words, reason in known:
            if words in str(error):
                raise Unsupported(reason) from error
        raise
