"""Tests of what adapters/ncnn tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("ncnn", reason="ncnn is not installed here")

PATHS = {path.name: path for path in adapter.load("ncnn").paths}

TOLD: dict[str, dict[str, Any]] = {name: {"eps": 0.0, "takes_mask": False} for name in PATHS}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
