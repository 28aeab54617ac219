"""Tests of what adapters/onnx tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("onnx", reason="ONNX is not installed here")

PATHS = {path.name: path for path in adapter.load("onnx").paths}

_NODE: dict[str, Any] = {"eps": 1e-5, "momentum": 0.9, "takes_mask": False}
TOLD: dict[str, dict[str, Any]] = {
    name: _NODE | ({"new_weight": 0.1} if name.endswith("training") else {}) for name in PATHS
}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
