"""What an adapter tells of its framework's defaults, held to what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.adapter import Path
from conformance.harness.stating import defaults


def require_told(path: Path, known: Mapping[str, Any]) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    told, wanted = defaults(path), dict(known)
    weight = wanted.pop("new_weight", None)
    if weight is not None:  # one of float32
        assert told.pop("new_weight") == pytest.approx(weight, rel=1e-6)
    assert told == wanted
