"""Tests of adapters/torch_further: what each path calls, what it answers and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT
from conformance.errors import Unsupported
from conformance.harness.probing import lacking
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.stating import require_told
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")

ADAPTER = adapter.load("torch_further")
PATHS = {path.name: path for path in ADAPTER.paths}
ONEDNN = {"mkldnn", "mkldnn_native"}
SAVED = {
    "decomposition": {"mean", "inv_std"},
    "with_update": {"mean", "inv_std"},
    "mkldnn_native": {"mean", "var"},
}
"""Operators, and what they save in training."""

BUFFERS = {"running_mean", "running_var"}
GRADIENTS = {"dx", "dgamma", "dbeta"}
QUICK = [name for name in PATHS if name != "compile_dynamic"]

# PyTorch imports its own deprecated torch.jit functions on the way to Inductor, and copies
# shapes in a way that it deprecated as it takes an exported program apart.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit:DeprecationWarning", "ignore:`isinstance:FutureWarning"
)

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "bfloat16+float32": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16, "params": np.float32},
    "no beta": {"shape": (3, 4, 5, 2), "beta": None},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no statistics": {"shape": (3, 4, 5, 2), "running_mean": None, "running_var": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    """Leave no compiled function behind for the next test."""
    yield
    torch.compiler.reset()


# A fact about PyTorch that the matrix must show, so that a test which hides it fails: on the CPU
# its decomposition keeps the mean and the inverse root in the type of x.
ROUNDED = {"aot_decomposed", "decomposition"} if not torch.cuda.is_available() else set()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", QUICK)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data every output is grade A, but for what is known and named."""
    if call == "no statistics" and not training:
        pytest.skip("test mode takes running statistics")
    inputs = ask(**CALLS[call], training=training)
    found = answer_or_skip(PATHS[name], inputs, refusals=True)
    over = {o for o, e in errors(inputs, found, PATHS[name].dialect).items() if e > LIMIT}
    known = name in ROUNDED and training and call == "bfloat16+float32"
    assert bool(over) == known, over
    assert over <= {"dx", "dgamma", "mean", "inv_std"}


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", QUICK)
def test_answers_what_the_framework_computes(name: str, training: bool) -> None:
    """A path answers with all that PyTorch gives: operators with what they save, too."""
    if name == "vmap_shared" and training:
        pytest.skip("it updates no running statistics")
    saved = SAVED.get(name, set()) if training else set()
    without = name == "export_core" or (name in ONEDNN and not training)
    found = PATHS[name].run(ask((3, 4, 5, 2), training=training))
    assert set(found) == {"y"} | (set() if without else GRADIENTS) | BUFFERS | saved


@pytest.mark.parametrize("name", QUICK)
def test_inputs_are_not_written_to(name: str) -> None:
    """PyTorch updates buffers in place, and never those of the caller."""
    inputs = ask((3, 4, 5, 2), training=name != "vmap_shared")
    assert inputs.running_mean is not None
    before = inputs.x.tobytes(), inputs.running_mean.tobytes()
    PATHS[name].run(inputs)
    assert (inputs.x.tobytes(), inputs.running_mean.tobytes()) == before


@pytest.mark.parametrize("name", ["aot_eager", "aot_decomposed", "compile_dynamic"])
def test_the_function_is_compiled_once(name: str) -> None:
    """Each call is compiled, without falling back; batches of two sizes share dynamic code."""
    counters = torch._dynamo.utils.counters
    counters.clear()
    inputs = ask((3, 4, 5, 2))
    found = answer_or_skip(PATHS[name], inputs, refusals=True)
    assert counters["stats"]["unique_graphs"] == 1
    over = {o: e for o, e in errors(inputs, found, PATHS[name].dialect).items() if e > LIMIT}
    assert over == {}


def test_shared_running_statistics_are_not_updated() -> None:
    """The refusal of vmap to update what its calls share is stated, and test mode is taken."""
    with pytest.raises(Unsupported, match="that its calls share"):
        PATHS["vmap_shared"].run(ask((3, 4, 5, 2)))
    assert PATHS["vmap_shared"].run(ask((3, 4, 5, 2), training=False)).keys() >= GRADIENTS


@pytest.mark.parametrize("name", ["script", "aot_eager", "export", "mkldnn", "vmap"])
def test_one_value_per_channel_is_refused_in_training(name: str) -> None:
    """PyTorch's refusal of a single value per channel is found in whatever wraps its words."""
    with pytest.raises(Unsupported, match="one value per channel"):
        PATHS[name].run(ask((1, 3, 1, 1)))


@pytest.mark.parametrize("name", sorted(ONEDNN))
def test_onednn_trains_images_alone(name: str) -> None:
    """The refusal of oneDNN to train volumes is stated, and in test mode it takes them."""
    with pytest.raises(Unsupported, match="rank 4 alone"):
        PATHS[name].run(ask((3, 4, 2, 2, 2)))
    assert PATHS[name].run(ask((3, 4, 2, 2, 2), training=False))["y"].shape == (3, 4, 2, 2, 2)


@pytest.mark.parametrize("name", sorted(ONEDNN))
def test_gradients_that_onednn_lacks_are_told(name: str) -> None:
    """No gradient is asked where it is refused or written past its memory, and both are told."""
    refused = ask((3, 4, 5, 2), training=False)
    written = ask((3, 4, 5, 2), BFLOAT16)
    for inputs, words in ((refused, "only support train"), (written, "past their memory")):
        told = lacking(PATHS[name].probes, inputs)
        assert told.keys() == GRADIENTS
        assert all(words in reason for reason in told.values())
        assert not PATHS[name].run(inputs).keys() & GRADIENTS
    assert lacking(PATHS[name].probes, ask((3, 4, 5, 2))) == {}


_PUBLIC: dict[str, Any] = {"eps": 1e-5, "momentum": 0.1, "new_weight": 0.1, "takes_mask": False}
_OPERATOR: dict[str, Any] = {"eps": None, "momentum": None, "takes_mask": False}


@pytest.mark.parametrize("name", PATHS)
def test_defaults_are_those_of_what_is_called(name: str) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[name], _OPERATOR if name in SAVED else _PUBLIC)


def test_device_is_named() -> None:
    """The device of the column is the one that tensors are put on."""
    assert ADAPTER.device().startswith("cuda: " if torch.cuda.is_available() else "cpu")


FAILING = {
    "aot_eager": ("spatial/train-nhwc-float16", "dx"),
    "aot_decomposed": ("spatial/train-nhwc-bfloat16", "dx"),
    "compile_dynamic": ("offset/columns-float16-params-float32-1000", "dgamma"),
    "decomposition": ("offset/columns-float16-params-float32-1000", "dgamma"),
    "with_update": ("half/sum-drifts", "dgamma"),
    "vjp": ("half/squares-overflow", "y"),
    "vmap": ("half/y-near-zero-bfloat16-test", "y"),
    "vmap_shared": ("spatial/test-nchw-bfloat16", "y"),
    "export": ("half/sum-overflows", "y"),
    "export_core": ("half/sum-overflows", "y"),
    "script": ("half/sum-overflows", "dx"),
    "trace": ("half/squares-overflow", "dx"),
    "mkldnn": ("memory/strided-test-nhwc", "y"),
    "mkldnn_native": ("memory/strided-test-nhwc", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = QUICK, ("float32-NHWC", "bfloat16+float32", "no gamma, no beta", "no gradient")
"""Paths and calls that programs are written for."""
