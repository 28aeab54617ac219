"""Tests of adapters/numba_cuda: the project's own kernels, on a GPU or in Numba's simulator."""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Inputs
from conformance.tests.adapters.trial import BFLOAT16, ask, errors

for _package in ("numba", "numba_cuda"):
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"{_package} is not installed here", allow_module_level=True)

ADAPTER = adapter.load("numba_cuda")
PATHS = {path.name: path for path in ADAPTER.paths}
HOME: Any = sys.modules["conformance._loaded_adapters.numba_cuda"]
GEOMETRY: Any = HOME.geometry
CHILD_SECONDS = 240

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NC": {},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float64-NDHWC": {"shape": (2, 3, 2, 2, 3), "axis": -1, "dtype": np.float64},
    "float32-axis-2": {"shape": (3, 2, 4, 3), "axis": 2},
    "float32-axis-0": {"shape": (3, 8), "axis": 0},
    "float32-one-row": {"shape": (1, 3, 7)},
    "mean-1000": {"shape": (6, 3, 5), "offset": 1000.0},
    "blocks-share-a-channel": {"shape": (9, 2, 41), "offset": 30.0},
    "blocks-share-a-channel-NHWC": {"shape": (150, 3), "offset": 30.0},
    "bfloat16": {"shape": (4, 3, 5), "dtype": BFLOAT16},
    "bfloat16+float32": {"shape": (4, 3, 5), "dtype": BFLOAT16, "params": np.float32},
    "float16": {"shape": (4, 3, 5), "dtype": np.float16},
    "float16+float32": {"shape": (4, 3, 5), "dtype": np.float16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "per-activation-apart": {"shape": (2, 6, 3, 2), "axis": (0, 2)},
}


def _run(name: str, inputs: Inputs) -> dict[str, Any]:
    return dict(PATHS[name].run(inputs))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """Every output that is due is returned and is grade A, in every type and layout."""
    inputs = ask(**CALLS[call], training=training)
    outputs = _run(name, inputs)
    due = {"y", "dx", "dgamma", "dbeta", "inv_std", "running_mean", "running_var"}
    assert outputs.keys() == (due | {"mean", "var"} if training else due)
    found = errors(inputs, outputs, PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_agrees_with_plain_two_pass_numpy(name: str, dtype: type[Any]) -> None:
    """The outputs y and dx agree with float64 numpy to the precision of their type."""
    inputs = ask((5, 3, 7), dtype=dtype, offset=2.0)
    outputs = _run(name, inputs)
    x, dy = inputs.x.astype(np.float64), np.asarray(inputs.dy, dtype=np.float64)
    gamma, beta = (np.asarray(p, np.float64)[:, None] for p in (inputs.gamma, inputs.beta))
    d = x - x.mean(axis=(0, 2), keepdims=True)
    r = 1 / np.sqrt((d * d).mean(axis=(0, 2), keepdims=True) + inputs.eps)
    slope = (dy * d * r).mean(axis=(0, 2), keepdims=True)
    dx = gamma * r * (dy - dy.mean(axis=(0, 2), keepdims=True) - d * r * slope)
    tolerance = 64 * np.finfo(dtype).eps
    np.testing.assert_allclose(outputs["y"], gamma * d * r + beta, rtol=0, atol=tolerance)
    np.testing.assert_allclose(outputs["dx"], dx, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", PATHS)
def test_types_are_those_of_the_inputs(name: str) -> None:
    """Gradient and output have the type of x, everything per channel that of the parameters."""
    outputs = _run(name, ask((4, 3, 5), BFLOAT16, params=np.float32))
    types = {output: array.dtype for output, array in outputs.items()}
    assert types.pop("y") == types.pop("dx") == BFLOAT16
    assert set(types.values()) == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", PATHS)
def test_half_is_rounded_once_at_the_end(name: str) -> None:
    """float16 gives what float32 gives for the same values, rounded."""
    inputs = ask((4, 3, 5), np.float16)
    given = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    widened: dict[str, Any] = {
        name: np.asarray(getattr(inputs, name), np.float32) for name in given
    }
    wide = _run(name, ask((4, 3, 5), np.float32, **widened))
    for output, array in _run(name, inputs).items():
        np.testing.assert_array_equal(array, wide[output].astype(np.float16), output)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_what_is_absent_is_neutral_and_not_returned(name: str, training: bool) -> None:
    """No gamma counts as 1 and no beta as 0; neither has a gradient then."""
    absent = ask((3, 4, 5), gamma=None, beta=None, training=training)
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    neutral = _run(name, ask((3, 4, 5), gamma=ones, beta=zeros, training=training))
    outputs = _run(name, absent)
    assert neutral.keys() - outputs.keys() == {"dgamma", "dbeta"}
    for output, array in outputs.items():
        np.testing.assert_array_equal(array, neutral[output], output)


@pytest.mark.parametrize("name", PATHS)
def test_without_buffers_and_gradient_nothing_else_changes(name: str) -> None:
    """Training needs no running statistics and a forward pass no dy."""
    bare = _run(name, ask(dy=None, running_mean=None, running_var=None))
    full = _run(name, ask())
    assert bare.keys() == {"y", "mean", "var", "inv_std"}
    for output, array in bare.items():
        np.testing.assert_array_equal(array, full[output], output)


@pytest.mark.parametrize("name", PATHS)
def test_history_updates_the_running_statistics(name: str) -> None:
    """Batches before x update the running statistics, in their order, and nothing else."""
    draw = np.random.default_rng(5)
    history = tuple((draw.normal(size=(6, 5)) + k).astype(np.float32) for k in (2, 9))
    inputs = ask(earlier=history)
    outputs, alone = _run(name, inputs), _run(name, ask())
    found = errors(inputs, outputs, PATHS[name].dialect)
    assert found["running_mean"] <= LIMIT
    assert found["running_var"] <= LIMIT
    np.testing.assert_array_equal(outputs["y"], alone["y"])
    np.testing.assert_array_equal(outputs["dx"], alone["dx"])


@pytest.mark.parametrize("name", PATHS)
def test_one_value_per_channel_updates_with_its_biased_variance(name: str) -> None:
    """The N-1 variance of one value does not exist; its biased variance, 0, is used instead."""
    inputs = ask((1, 5))
    outputs = _run(name, inputs)
    np.testing.assert_array_equal(outputs["var"], np.zeros(5))
    np.testing.assert_array_equal(outputs["y"], np.asarray(inputs.beta)[np.newaxis])
    np.testing.assert_array_equal(outputs["dx"], np.zeros((1, 5)))
    expected = 0.7 * np.asarray(inputs.running_var, np.float64)
    np.testing.assert_allclose(outputs["running_var"], expected, rtol=1e-7)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("shape", [(700, 2), (2, 2, 350)], ids=["channels-last", "channels-first"])
def test_long_sums_of_one_sign_lose_nothing(name: str, shape: tuple[int, ...]) -> None:
    """Sums do not drift: a constant channel has its value as mean, dbeta is off by 1 rounding."""
    x, dy = np.full(shape, 0.1, np.float32), np.full(shape, 0.7, np.float32)
    outputs = _run(name, ask(shape, x=x, dy=dy))
    np.testing.assert_array_max_ulp(outputs["mean"], np.full(2, 0.1, np.float32), 1)
    exact = np.float32(700 * float(np.float32(0.7)))
    np.testing.assert_array_max_ulp(outputs["dbeta"], np.full(2, exact), 1)


def test_two_pass_takes_the_rounding_of_the_mean_out_of_the_variance() -> None:
    """Values two ulps apart have the right variance, though their mean is not representable."""
    x = (2.0**24 + 2 * np.array([[0], [1], [1], [0], [0], [3]])).astype(np.float32)
    outputs = _run("two_pass", ask((6, 1), x=x))
    np.testing.assert_array_max_ulp(outputs["var"], x.var(0, dtype=np.float64).astype(x.dtype), 1)


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("shape", [(40, 3), (4, 3, 10)], ids=["channels-last", "channels-first"])
def test_non_finite_values_stay_in_their_channel(
    name: str, bad: float, shape: tuple[int, ...]
) -> None:
    """A NaN or infinity has the mean that IEEE arithmetic gives and leaves other channels alone."""
    clean = ask(shape)
    x = clean.x.copy()
    x[0, 1], x[-1, 1] = bad, bad
    outputs, untouched = _run(name, ask(shape, x=x)), _run(name, clean)
    np.testing.assert_array_equal(outputs["mean"][1], bad)
    for output in ("y", "dx", "dgamma", "var", "inv_std"):
        channel = outputs[output][:, 1] if output in ("y", "dx") else outputs[output][1]
        assert np.isnan(channel).all(), output
    assert outputs["dbeta"][1] == untouched["dbeta"][1]
    for output, array in outputs.items():
        kept, before = (
            np.delete(a, 1, axis=min(1, a.ndim - 1)) for a in (array, untouched[output])
        )
        np.testing.assert_array_equal(kept, before, output)


@pytest.mark.parametrize("name", PATHS)
def test_a_non_finite_x_leaves_dx_exact_in_test_mode(name: str) -> None:
    """In test mode a NaN in x reaches its own y and its channel's dgamma, nothing else."""
    clean = ask((4, 3, 5), training=False)
    x = clean.x.copy()
    x[2, 1, 3] = math.nan
    outputs, untouched = _run(name, ask((4, 3, 5), x=x, training=False)), _run(name, clean)
    np.testing.assert_array_equal(outputs["dx"], untouched["dx"])
    np.testing.assert_array_equal(outputs["dbeta"], untouched["dbeta"])
    np.testing.assert_array_equal(np.isnan(outputs["y"]), np.isnan(x))
    np.testing.assert_array_equal(np.isnan(outputs["dgamma"]), [False, True, False])


@pytest.mark.parametrize("name", PATHS)
def test_a_variance_below_minus_eps_gives_nan(name: str) -> None:
    """A running variance without a root gives NaN in its channel, and minus eps infinity."""
    variance = np.array([-1, 1, -0.5], np.float64)
    inputs = ask((4, 3), np.float64, running_var=variance, eps=0.5, training=False)
    outputs = _run(name, inputs)
    np.testing.assert_array_equal(outputs["inv_std"], [math.nan, 1 / math.sqrt(1.5), math.inf])
    np.testing.assert_array_equal(np.isnan(outputs["y"][:, 0]), np.ones(4, np.bool_))


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_an_empty_batch_sums_to_zero(name: str, training: bool) -> None:
    """A batch without values has empty y and dx, zero gradients, and keeps the running ones."""
    outputs = _run(name, ask((0, 5, 3), training=training))
    kept = {"running_mean", "running_var"}
    assert outputs.keys() == {"y", "dx", "dgamma", "dbeta"} | kept
    assert outputs["y"].shape == outputs["dx"].shape == (0, 5, 3)
    np.testing.assert_array_equal(outputs["dgamma"], np.zeros(5))
    np.testing.assert_array_equal(outputs["dbeta"], np.zeros(5))


@pytest.mark.parametrize(
    ("shape", "axis", "seen"),
    [
        ((4, 3, 5, 7), 1, (4, 3, 35)),
        ((4, 5, 7, 3), 3, (140, 3, 1)),
        ((4, 3), 1, (4, 3, 1)),
        ((4, 3, 5), 0, (1, 4, 15)),
        ((4, 3, 5), (1, 2), (4, 15, 1)),
    ],
)
def test_a_view_moves_nothing(
    shape: tuple[int, ...], axis: int | tuple[int, ...], seen: tuple[int, ...]
) -> None:
    """Neighbouring channel axes are seen as [outer, channel, inner] without a copy."""
    inputs = ask(shape, axis=axis)
    view = GEOMETRY.view(inputs)
    entered = view.enter(inputs.x, np.float32)
    assert entered.shape == view.shape == seen
    assert np.shares_memory(entered, inputs.x)
    np.testing.assert_array_equal(view.leave(entered), inputs.x)


@pytest.mark.parametrize("machine", ["GPU", "SIMULATOR"])
@pytest.mark.parametrize(
    "seen", [(1, 1, 1 << 20), (32, 64, 196), (3, 5, 49), (1 << 20, 3, 1), (8, 1025, 1), (1, 1, 1)]
)
def test_no_thread_merges_more_than_its_run(seen: tuple[int, int, int], machine: str) -> None:
    """Blocks that share a channel are as many as keep every thread's run short, and no more."""
    sizes = getattr(GEOMETRY, machine)
    view = GEOMETRY.View(order=(), moved=(), shape=seen)
    launch = GEOMETRY.lay(view, sizes, shared=True)
    across, down = launch.block
    outer, channels, inner = seen
    per_row = 1 if view.channels_last else -(-inner // (across * launch.grid[2]))
    rows = -(-outer // (down * launch.grid[1]))
    assert across * down == sizes.threads
    assert launch.grid[0] * (across if view.channels_last else 1) >= channels
    assert rows * per_row <= sizes.run
    assert launch.parts == 1 or 4 * rows * per_row > sizes.run


def test_a_single_block_serves_a_channel_where_none_may_share() -> None:
    """Two-pass has one block per channel, or per tile of channels where they come last."""
    first = GEOMETRY.View(order=(), moved=(), shape=(32, 64, 196))
    last = GEOMETRY.View(order=(), moved=(), shape=(6272, 70, 1))
    lay = GEOMETRY.lay
    assert lay(first, GEOMETRY.GPU, shared=False).grid == (64, 1, 1)
    assert lay(last, GEOMETRY.GPU, shared=False).grid == (3, 1, 1)


def test_the_simulator_is_chosen_without_a_trace() -> None:
    """Loading decides between GPU and simulator by itself and leaves the environment as it was."""
    code = (
        "import os; from conformance.adapter import load; before = dict(os.environ);"
        "print(load('numba_cuda').device(), before == dict(os.environ))"
    )
    told = _child(code).split()
    assert told[0] in {"simulator", "cuda:"}
    assert told[-1] == "True"


def test_the_environment_overrules_the_choice() -> None:
    """Where NUMBA_ENABLE_CUDASIM is set, to the simulator, it is obeyed."""
    code = "from conformance.adapter import load; print(load('numba_cuda').device())"
    assert _child(code, NUMBA_ENABLE_CUDASIM="1").strip() == "simulator"


def _child(code: str, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment},
        capture_output=True,
        text=True,
        timeout=CHILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
