"""Which values of a long list of parameters are tried at every change, and which at pull requests.

A list that has a test for each of a hundred faults takes minutes, and one change seldom breaks
but one of them: every n-th is among the tests that are run each time, all others are long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def every(step: int, values: Iterable[Any]) -> list[Any]:
    """Parameters of which all but every `step`-th are long tests."""
    return [
        value if number % step == 0 else pytest.param(value, marks=pytest.mark.long)
        for number, value in enumerate(values)
    ]
