"""Tests of adapters/torch_deployed: the models are the blocks, and each way deploys them."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Case, Dialect
from conformance.cases import deployed, golden
from conformance.errors import Unsupported
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_every_cause_shows_itself,
)
from conformance.verdict.ruler import Ruler

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")

ADAPTER = adapter.load("torch_deployed")
PATHS = {path.name: path for path in ADAPTER.paths}
FOLDING = ("freeze", "optimize_for_inference", "fuse_eval", "fx_fuse", "fuse_modules")

# PyTorch imports its own deprecated functions on the way to what is saved and compiled.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning", "ignore:`isinstance:FutureWarning"
)


def case(name: str) -> Case:
    """A stored case."""
    (found,) = golden.load([name], deployed.folder())
    return found


@pytest.mark.parametrize("name", golden.select(folder=deployed.folder()))
def test_the_module_is_the_block(name: str) -> None:
    """As a person would write it, unfolded, each block is right in every type and geometry."""
    asked = case(name)
    found = PATHS["eager"].run(asked.inputs)
    assert Ruler(asked, Dialect()).judge(found)["y"].grade in ("A", "B")


@pytest.mark.parametrize("path", FOLDING)
def test_a_way_that_folds_changes_the_bits(path: str) -> None:
    """What is folded has other roundings than the module: the way is not the module itself."""
    asked = case("conv/3x3-float32").inputs
    eager, folded = (PATHS[name].run(asked)["y"] for name in ("eager", path))
    assert not np.array_equal(eager, folded)
    assert np.allclose(eager, folded, atol=1e-5)


def test_what_cannot_be_told_to_a_function_is_unsupported() -> None:
    """A sum before the normalization is no pair of layers: the functions are not called with it."""
    asked = case("sums/before-float32").inputs
    for path in ("fuse_eval", "fuse_modules"):
        with pytest.raises(Unsupported):
            PATHS[path].run(asked)


def test_a_call_without_a_block_is_refused() -> None:
    """These paths take blocks alone, and no block takes the paths of other adapters."""
    (alone,) = golden.load(["dense/test-float32"])
    with pytest.raises(Unsupported, match="no block"):
        PATHS["eager"].run(alone.inputs)
    usual = adapter.load("torch").paths[0].capabilities
    assert adapter.why_not(usual, case("conv/3x3-float32").inputs) == "no block: conv"
