"""Tests of what adapters/keras tells of the framework's defaults."""

from __future__ import annotations

import os
from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

os.environ["KERAS_BACKEND"] = "numpy"  # read at the import: that of this process
pytest.importorskip("keras", minversion="3", reason="Keras is not installed here")

PATHS = {path.name: path for path in adapter.load("keras").paths}

_LAYER: dict[str, Any] = {"eps": 1e-3, "momentum": 0.99, "new_weight": 0.01, "takes_mask": True}
TOLD: dict[str, dict[str, Any]] = dict.fromkeys(PATHS, _LAYER)


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
