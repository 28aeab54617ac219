"""Tests of what adapters/mxnet tells of the framework's defaults."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import adapter
from conformance.tests.adapters.stating import require_told

pytest.importorskip("mxnet", reason="MXNet is not installed here")

PATHS = {path.name: path for path in adapter.load("mxnet").paths}

_OPERATOR = {"eps": 1e-3, "momentum": 0.9, "new_weight": 0.1, "takes_mask": False}
TOLD: dict[str, dict[str, Any]] = {
    "operator": _OPERATOR,
    "operator_no_onednn": _OPERATOR,
    "gluon": _OPERATOR | {"eps": 1e-5},
}


@pytest.mark.parametrize("path", PATHS)
def test_defaults_are_those_of_the_public_call(path: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[path], TOLD[path])
