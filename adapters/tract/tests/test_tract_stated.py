"""Tests of what adapters/tract tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("tract", reason="tract is not installed here")

PATHS = {path.name: path for path in adapter.load("tract").paths}

TOLD: dict[str, dict[str, Any]] = {"onnx_opset15": {"eps": 1e-5, "takes_mask": False}}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
