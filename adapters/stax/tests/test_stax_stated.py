"""Tests of what adapters/stax tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("jax", reason="JAX is not installed here")

PATHS = {path.name: path for path in adapter.load("stax").paths}

TOLD: dict[str, dict[str, Any]] = {
    "batch_norm": {"eps": 1e-5, "takes_mask": False},
    "standardize": {"eps": 1e-5, "takes_mask": True},
    "standardize_stable": {"eps": 1e-5, "takes_mask": True},
}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
