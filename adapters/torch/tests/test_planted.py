"""Tests of the self-test on PyTorch: a mistake in the adapter is named before its own failures."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed here")

from conformance import adapter
from conformance.tests.checking.selftest.asking import examined
from conformance.tests.checking.selftest.planted import PLANTED

PATHS = {path.name: path for path in adapter.load("torch").paths}


@pytest.mark.parametrize("mistake", [name for name in PLANTED if name != "eps zero"])  # refused
def test_a_planted_mistake_is_named_first(mistake: str) -> None:
    """One mistake around torch.nn.functional.batch_norm is the first that is told."""
    plant, name = PLANTED[mistake]
    first = examined(PATHS["functional"], plant).findings[0]
    assert first.name == name
    assert first.certain
