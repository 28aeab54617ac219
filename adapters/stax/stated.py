"""What JAX's own normalizations do where a call says nothing, read from their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def defaults(function: Callable[..., Any]) -> dict[str, object]:
    """The eps of a function, and whether it is told what the statistics are of."""
    told = inspect.signature(function).parameters
    return {"eps": told["epsilon"].default, "takes_mask": "where" in told}
