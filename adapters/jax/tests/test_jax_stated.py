"""Tests of what adapters/jax tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("jax", reason="JAX is not installed here")
pytest.importorskip("flax", reason="Flax is not installed here")

PATHS = {path.name: path for path in adapter.load("jax").paths}

_FLAX: dict[str, Any] = {"eps": 1e-5, "momentum": 0.99, "new_weight": 0.01, "takes_mask": True}
TOLD: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("linen", "linen_two_pass", "nnx"), _FLAX),
    "xla_hlo": {"eps": None, "takes_mask": False},
    "jnp": {},
}


@pytest.mark.parametrize("path", TOLD)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
