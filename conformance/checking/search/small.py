"""Draws that are small: integers from 0, of which the lower is the simpler."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from hypothesis import strategies as st

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
"""What a composite strategy draws with."""


@cache  # making a strategy costs more than drawing from it
def small(most: int) -> st.SearchStrategy[int]:
    """Integers from 0 to `most`, which stays below the 100 from which constants are added."""
    return st.integers(0, most)


def pick(draw: Draw, choices: tuple[Any, ...]) -> Any:
    """One of the choices; the first is the simplest."""
    return choices[draw(small(len(choices) - 1))]
