"""Tests of what adapters/tensorflow tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("tensorflow", reason="TensorFlow is not installed here")

PATHS = {path.name: path for path in adapter.load("tensorflow").paths}

_FORMULA: dict[str, Any] = {"eps": None, "takes_mask": False}
_FUSED: dict[str, Any] = {"eps": 1e-4, "momentum": 1.0, "new_weight": 1.0, "takes_mask": False}
TOLD: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("nn", "nn_xla"), _FORMULA),
    **dict.fromkeys(("fused_nhwc", "fused_nchw", "fused_nhwc_xla", "fused_nchw_xla"), _FUSED),
    "keras": {"eps": 1e-3, "momentum": 0.99, "new_weight": 0.01, "takes_mask": True},
}


@pytest.mark.parametrize("path", TOLD)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
