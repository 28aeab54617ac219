"""Tests of what adapters/tinygrad tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("tinygrad", reason="tinygrad is not installed here")

PATHS = {path.name: path for path in adapter.load("tinygrad").paths}

_LAYER = {"eps": 1e-5, "momentum": 0.1, "new_weight": 0.1, "takes_mask": False}
TOLD: dict[str, dict[str, Any]] = {"layer": _LAYER}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
