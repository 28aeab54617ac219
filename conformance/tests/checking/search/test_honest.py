"""No honest kernel may be found guilty, whatever is drawn."""

from __future__ import annotations

import pytest

from conformance.adapter import load
from conformance.checking.search import inputs, search
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.tests.checking.search.probing import SECONDS, probe_of

TYPES = ("float32", "float64", "float16", "bfloat16", "float16+float32")
MEMBERS = ("two-pass", "sequential", "welford", "staged", "dx-folded", "y-folded")
PATHS = {path.name: path for path in load("textbook").paths}


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("member", MEMBERS)
def test_honest_algorithms_pass(member: str, type_name: str) -> None:
    """An honest algorithm must pass every call that is drawn."""
    result = search(
        probe_of(kernel(PANEL[member].edits)),
        inputs(dtypes=[type_name]),
        seconds=SECONDS,
        seed=MEMBERS.index(member),
        max_examples=150,
    )
    assert result.found is None
    assert result.stopped == "examples"


@pytest.mark.parametrize("name", PATHS)
def test_published_derivations_pass(name: str) -> None:
    """A published derivation must pass every drawn call that it can take."""
    path = PATHS[name]
    result = search(
        probe_of(path.run, path.dialect, path.capabilities),
        inputs(per_activation=path.capabilities.per_activation),
        seconds=SECONDS,
        seed=7,
        max_examples=300,
    )
    assert result.found is None
    assert result.unsupported < result.examples
