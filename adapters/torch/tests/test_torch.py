"""Tests of adapters/torch: what each path calls, what it answers and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Inputs, Memory
from conformance.errors import Unsupported
from conformance.memory import laid_out
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")

ADAPTER = adapter.load("torch")
MODULE = sys.modules["conformance._loaded_adapters.torch"]
CALLING = sys.modules["conformance._loaded_adapters.torch.calling"]
COMPILING = sys.modules["conformance._loaded_adapters.torch.compiling"]
PATHS = {path.name: path for path in ADAPTER.paths}
QUICK = [name for name in PATHS if name != "compile"]

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "float16+float32": {"shape": (4, 3, 5, 2), "dtype": np.float16, "params": np.float32},
    "bfloat16+float32": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16, "params": np.float32},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "bfloat16": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16},
    "no beta": {"shape": (3, 4, 5, 2), "beta": None},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}

# A fact about PyTorch's CPU kernels that the matrix must show, so that a test which hides it fails:
# they hand the mean and the inverse root to the backward pass in the type of the parameters.
ROUNDED = {"float16", "bfloat16"} if not torch.cuda.is_available() else set()

CACHE = "TORCHINDUCTOR_CACHE_DIR"
BUFFERS = {"running_mean", "running_var"}
GRADIENTS = {"dx", "dgamma", "dbeta"}


@pytest.fixture(autouse=True)
def _fresh_compiler() -> Iterator[None]:
    """Leave no compiled function behind for the next test."""
    yield
    torch.compiler.reset()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", QUICK)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data every output is grade A, but for what is known and named."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs), PATHS[name].dialect)
    over = {output: e for output, e in found.items() if e > LIMIT}
    assert ("dx" in over) == (training and call in ROUNDED), over
    assert over.keys() <= ({"y", "dx"} if call in ROUNDED else set()), over


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", QUICK)
def test_answers_what_the_framework_computes(name: str, training: bool) -> None:
    """A path answers with all that PyTorch gives, and only the operator gives its statistics."""
    saved = {"mean", "inv_std"} if name == "native" and training else set()
    found = PATHS[name].run(ask((3, 4, 5, 2), training=training))
    assert set(found) == {"y"} | GRADIENTS | BUFFERS | saved


@pytest.mark.parametrize("name", QUICK)
def test_leaves_out_what_is_not_there(name: str) -> None:
    """Without parameters, buffers and dy a path returns neither their gradients nor buffers."""
    bare: dict[str, Any] = {"gamma": None, "beta": None, "running_mean": None, "running_var": None}
    found = PATHS[name].run(ask((3, 4, 5, 2), dy=None, **bare))
    assert set(found) - {"mean", "inv_std"} == {"y"}


@pytest.mark.parametrize("params", [BFLOAT16, np.dtype(np.float32)], ids=str)
@pytest.mark.parametrize("name", QUICK)
def test_types_are_those_of_the_framework(name: str, params: np.dtype[Any]) -> None:
    """Images come back in the type of x, parameters and buffers in the type they were given in."""
    found = PATHS[name].run(ask((3, 4, 5, 2), BFLOAT16, params=params))
    images = {found[output].dtype for output in ("y", "dx")}
    others = {found[output].dtype for output in ("dgamma", "dbeta", *BUFFERS)}
    assert (images, others) == ({BFLOAT16}, {params})


@pytest.mark.parametrize("name", QUICK)
def test_inputs_are_not_written_to(name: str) -> None:
    """PyTorch updates buffers in place, and never those of the caller."""
    inputs = ask((3, 4, 5, 2))
    assert inputs.running_mean is not None
    before = inputs.x.copy(), inputs.running_mean.copy()
    PATHS[name].run(inputs)
    np.testing.assert_array_equal(inputs.x, before[0])
    np.testing.assert_array_equal(inputs.running_mean, before[1])


def test_negative_strides_are_taken() -> None:
    """An array that runs backwards is copied, since PyTorch has no negative strides."""
    inputs = ask((3, 4, 5, 2))
    backwards = ask((3, 4, 5, 2), x=inputs.x[::-1], dy=inputs.dy)
    straight = ask((3, 4, 5, 2), x=inputs.x[::-1].copy(), dy=inputs.dy)
    found, wanted = MODULE.functional(backwards), MODULE.functional(straight)
    np.testing.assert_array_equal(found["dx"], wanted["dx"])


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (3, 2, 4, 5, 2)], ids=str)
def test_memory_is_in_the_order_that_the_path_names(shape: tuple[int, ...], axis: int) -> None:
    """`channels_last` hands PyTorch channels-last memory and `functional` the other, always."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    seen = []

    def spy(x: Any, *rest: Any) -> Any:
        seen.append((x.is_contiguous(), x.is_contiguous(memory_format=formats[x.ndim])))
        return torch.nn.functional.batch_norm(x, *rest)

    inputs = ask(shape, axis=axis)
    MODULE.functional(inputs, batch_norm=spy)
    MODULE.functional(inputs, batch_norm=spy, memory_format=formats[len(shape)])
    assert seen == [(True, False), (False, True)]


LYING: dict[Memory, dict[str, tuple[int, ...]]] = {
    # x of shape (3, 2, 5, 4), channels last, as PyTorch sees it: (3, 4, 2, 5)
    "strided": {"x": (160, 2, 40, 8), "dy": (160, 2, 40, 8), "gamma": (2,), "running_var": (2,)},
    "transposed": {"x": (1, 30, 3, 6), "dy": (1, 30, 3, 6), "gamma": (1,), "running_var": (1,)},
    "broadcast": {"x": (40, 10, 5, 1), "dy": (0, 1, 0, 0), "gamma": (1,), "running_var": (1,)},
    "reversed": {"x": (40, 10, 5, 1), "dy": (40, 10, 5, 1), "gamma": (1,), "running_var": (1,)},
    "merged": {"x": (40, 10, 5, 1), "dy": (40, 10, 5, 1), "gamma": (1,), "running_var": (1,)},
}
"""Strides of tensors; negative ones do not exist in PyTorch."""


def lying(memory: Memory, dtype: Any = np.float32) -> Inputs:
    """A channels-last call whose arrays lie so."""
    inputs = ask((3, 2, 5, 4), dtype, axis=3, memory=memory)
    assert inputs.dy is not None
    if memory == "broadcast":
        inputs = replace(inputs, dy=np.broadcast_to(inputs.dy[0, 0, 0], inputs.x.shape))
    if memory == "merged":
        inputs = replace(inputs, gamma=inputs.running_var, beta=inputs.running_mean)
    return laid_out(inputs)


@pytest.mark.parametrize("dtype", [np.float32, BFLOAT16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("memory", LYING)
def test_strides_reach_pytorch(memory: Memory, dtype: Any) -> None:
    """Strides that PyTorch can have are handed to it, and values never change on the way."""
    inputs = lying(memory, dtype)
    given = CALLING.tensors(inputs)
    for name, strides in LYING[memory].items():
        value = getattr(given, name)
        assert value.stride() == strides, name
        moved = value.movedim(1, -1) if value.ndim > 1 else value
        assert CALLING.array(moved).tobytes() == getattr(inputs, name).tobytes(), name
        assert value.is_leaf, name
        assert value.requires_grad == (name in {"x", "gamma"}), name
    assert given.gamma.data_ptr() != given.running_var.data_ptr()


@pytest.mark.parametrize("memory", LYING)
def test_channels_last_orders_x_and_leaves_the_slope(memory: Memory) -> None:
    """The path for channels-last memory gives x that order, and dy the strides that it has."""
    given = CALLING.tensors(lying(memory), torch.channels_last)
    assert given.x.stride() == ((160, 2, 40, 8) if memory == "strided" else (40, 1, 20, 4))
    usual = memory in {"reversed", "merged"}
    assert given.dy.stride() == ((40, 1, 20, 4) if usual else LYING[memory]["dy"])


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("memory", LYING)
@pytest.mark.parametrize("name", QUICK)
def test_every_output_is_grade_a_in_any_memory(name: str, memory: Memory, training: bool) -> None:
    """Strided, expanded and merged arguments give grade A, and none of them is written to."""
    inputs = replace(lying(memory), training=training)
    given = [a for a in (inputs.x, inputs.running_mean, inputs.running_var) if a is not None]
    before = [a.tobytes() for a in given]
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}
    assert [a.tobytes() for a in given] == before


@pytest.mark.parametrize("name", ["functional", "module", "compile"])
def test_one_value_per_channel_is_refused_in_training(name: str) -> None:
    """PyTorch's refusal of a single value per channel is a fact that it states, not a fault."""
    with pytest.raises(Unsupported, match="one value per channel"):
        PATHS[name].run(ask((1, 3)))


def test_the_operator_refuses_an_empty_batch_in_training() -> None:
    """The operator's refusal of an empty batch is stated; the function above it takes one."""
    with pytest.raises(Unsupported, match="empty batch"):
        MODULE.native(ask((0, 3)))
    assert MODULE.functional(ask((0, 3)))["dx"].shape == (0, 3)


def test_the_modules_have_no_bias_without_a_weight() -> None:
    """A shift without a scale cannot be asked of a module, and the function takes it."""
    inputs = ask((3, 4, 5), gamma=None)
    with pytest.raises(Unsupported, match="no bias without a weight"):
        MODULE.module(inputs)
    assert "dbeta" in MODULE.functional(inputs)


@pytest.mark.parametrize("fault", [RuntimeError("boom"), ValueError("boom")], ids=repr)
def test_unknown_errors_are_findings(fault: Exception) -> None:
    """An error that is not a known refusal leaves the adapter as it came."""

    def broken(*_: Any) -> Any:
        raise fault

    with pytest.raises(type(fault), match="boom"):
        MODULE.functional(ask(), batch_norm=broken)


# PyTorch imports its own deprecated torch.jit functions on the way to Inductor.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_the_compiled_function_is_grade_a(training: bool) -> None:
    """Inductor compiles the function, without falling back, and every output is grade A."""
    counters = torch._dynamo.utils.counters
    COMPILING.is_compiled()  # the trial, which is of one more graph
    counters.clear()
    inputs = ask((3, 4, 5, 2), training=training)
    try:
        answer = PATHS["compile"].run(inputs)
    except Unsupported as reason:
        pytest.skip(str(reason))
    assert counters["stats"]["unique_graphs"] == 1
    assert set(answer) == {"y"} | GRADIENTS | BUFFERS
    found = errors(inputs, answer, PATHS["compile"].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_a_function_that_is_left_as_it_is_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyTorch hands the function back uncompiled, the compiled path does not answer."""
    COMPILING.is_compiled.cache_clear()
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    with pytest.raises(Unsupported, match="runs the function uncompiled"):
        PATHS["compile"].run(ask())
    COMPILING.is_compiled.cache_clear()


def _in_a_process(code: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run code with the adapter loaded, anew: Inductor remembers what it found out."""
    begin = "import os, sys\nfrom conformance import adapter\nadapter.load('torch')\n"
    kept = {name: value for name, value in os.environ.items() if name != CACHE}
    return subprocess.run(
        [sys.executable, "-c", begin + code],
        env=kept | changed | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_compiler_is_stated() -> None:
    """Without a C++ compiler the compiled path is unsupported, with that reason."""
    if CALLING.DEVICE.type != "cpu":
        pytest.skip("on the GPU Inductor writes Triton, not C++")
    ended = _in_a_process(
        "from conformance.tests.adapters.trial import ask\n"
        "adapter.load('torch').path('compile').run(ask())",
        CXX="/nowhere/c++",
        TORCHINDUCTOR_FORCE_DISABLE_CACHES="1",
    )
    assert "conformance.errors.Unsupported: Inductor finds no C++ compiler" in ended.stderr


def test_what_was_compiled_is_kept_by_instructions() -> None:
    """Inductor's cache for the default kernels is not that for the processor's own."""
    code = f"print(os.environ[{CACHE!r}])"
    limited = _in_a_process(code, ATEN_CPU_CAPABILITY="default").stdout.strip()
    own = torch.backends.cpu.get_cpu_capability()
    assert limited.endswith("_DEFAULT")
    assert _in_a_process(code).stdout.strip().endswith(f"_{own}")
    # A choice that was made outside stands, with a folder in it for each.
    assert _in_a_process(code, **{CACHE: "mine"}).stdout.strip() == f"mine{os.sep}{own}"


def test_a_release_whose_modules_take_no_bias_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the argument a weight alone is unsupported, and every other module is made."""
    made = torch.nn.BatchNorm2d

    def older(channels: int, **others: Any) -> Any:
        assert "bias" not in others
        return made(channels, **others)

    modules = sys.modules["conformance._loaded_adapters.torch.modules"]
    monkeypatch.setattr(torch.nn, "BatchNorm1d", older)
    monkeypatch.setitem(modules.MODULES, 4, older)
    shape = (3, 4, 5, 2)
    for inputs in (ask(shape), ask(shape, gamma=None, beta=None)):
        assert {"y", "dx"} <= set(PATHS["module"].run(inputs))
    with pytest.raises(Unsupported, match="no weight without a bias"):
        PATHS["module"].run(ask(shape, beta=None))


def test_device_is_named() -> None:
    """The device of the column is the one that tensors are put on."""
    on_gpu = bool(torch.cuda.is_available())
    assert ADAPTER.device().startswith("cuda: " if on_gpu else "cpu")


FAILING = {
    "functional": ("half/squares-overflow", "y"),
    "module": ("half/sum-drifts", "dgamma"),
    "native": ("spatial/train-nhwc-bfloat16", "dx"),
    "channels_last": ("spatial/train-nhwc-float16", "dx"),
    "compile": ("offset/columns-float16-params-float32-1000", "dgamma"),
}
"""A case that fails on each path, and an output of it."""

TOLD = QUICK, ("float32-NDHWC", "float16", "bfloat16", "bfloat16+float32", "no gamma, no beta")
"""Paths and calls that programs are written for."""
