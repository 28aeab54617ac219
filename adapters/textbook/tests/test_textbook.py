"""Tests of adapters/textbook: the published derivations in plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Outputs
from conformance.errors import Unsupported
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

ADAPTER = adapter.load("textbook")
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float64-NCHW": {"shape": (3, 4, 2, 5), "dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "bfloat16": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16},
    "float16+float32": {"shape": (4, 3, 5, 2), "dtype": np.float16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2, 2), "axis": (1, 2, 3)},
    "no gamma": {"shape": (3, 4, 2, 5), "gamma": None},
    "no beta": {"shape": (3, 4, 2, 5), "beta": None},
    "no gradient": {"shape": (3, 4, 2, 5), "dy": None},
}
TRAINING_OUTPUTS = {"y", "dx", "dgamma", "dbeta", "mean", "var", "running_mean", "running_var"}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """Every derivation gives every output within grade A, in both modes and in any layout."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs, refusals=True), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
def test_nothing_is_left_out(name: str) -> None:
    """A derivation gives the whole of batch normalization, not the part its document shows."""
    inputs = ask(shape=(5, 3, 4)) if name == "spatial" else ask()
    outputs = PATHS[name].run(inputs)
    assert outputs.keys() - {"inv_std"} == TRAINING_OUTPUTS


def test_only_the_staged_graph_has_an_inverse() -> None:
    """inv_std is returned where the document computes the reciprocal, and nowhere else."""
    inputs = ask(shape=(5, 3, 4))
    able = [n for n in PATHS if n != "per_activation" and "inv_std" in PATHS[n].run(inputs)]
    assert able == ["staged"]


@pytest.mark.parametrize("name", PATHS)
def test_float32_stays_float32(name: str) -> None:
    """float32 is computed and returned in float32, also beside a float64 scalar eps."""
    shape, axis = ((5, 3, 4), (1, 2)) if name == "per_activation" else ((5, 3, 4), 1)
    outputs = PATHS[name].run(ask(shape, axis=axis, eps=np.float64(1e-3)))
    assert {str(array.dtype) for array in outputs.values()} == {"float32"}


def test_half_precision_is_rounded_once() -> None:
    """A bfloat16 answer is the float32 answer on the same numbers, rounded to bfloat16."""
    half = ask(shape=(4, 3, 5), dtype=BFLOAT16, params=np.float32)
    assert half.dy is not None
    wide = ask(shape=(4, 3, 5), x=half.x.astype(np.float32), dy=half.dy.astype(np.float32))
    outputs, reference = PATHS["staged"].run(half), PATHS["staged"].run(wide)
    for name in ("y", "dx"):
        assert np.array_equal(outputs[name], reference[name].astype(BFLOAT16))
    for name in ("dgamma", "mean", "running_var"):
        assert np.array_equal(outputs[name], reference[name])


@pytest.mark.parametrize("name", PATHS)
def test_parameters_that_do_not_exist_have_no_gradient(name: str) -> None:
    """Without gamma and beta there is no dgamma and no dbeta; without buffers, no new ones."""
    shape = (6, 2) if name == "per_activation" else (3, 2, 4)
    absent: dict[str, Any] = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"))
    outputs = PATHS[name].run(ask(shape, **absent))
    assert outputs.keys() - {"inv_std"} == {"y", "dx", "mean", "var"}


@pytest.mark.parametrize("name", PATHS)
def test_a_nan_stays_in_its_channel(name: str) -> None:
    """A NaN in one channel makes no warning and leaves the other channels as they were."""
    shape, axis = ((6, 5), 1) if name == "per_activation" else ((4, 5, 3), 1)
    clean = ask(shape, axis=axis)
    x = clean.x.copy()
    x[0, 2] = np.nan
    spoilt = PATHS[name].run(ask(shape, axis=axis, x=x))
    others = [0, 1, 3, 4]
    for output, array in PATHS[name].run(clean).items():
        where = np.s_[:, others] if output in {"y", "dx"} else np.s_[others]
        assert np.array_equal(spoilt[output][where], array[where]), output
    assert np.isnan(spoilt["y"][:, 2]).all()


@pytest.mark.parametrize("name", PATHS)
def test_an_empty_batch_is_no_error(name: str) -> None:
    """An empty batch gives empty y and dx, zero dgamma and dbeta, and no warning."""
    shape = (0, 3) if name == "per_activation" else (0, 3, 2)
    outputs = PATHS[name].run(ask(shape))
    assert outputs["y"].shape == outputs["dx"].shape == shape
    assert not outputs["dgamma"].any()
    assert not outputs["dbeta"].any()


def test_buffers_of_test_mode_are_copies() -> None:
    """Test mode returns the running statistics unchanged, in arrays of their own."""
    inputs = ask(training=False)
    outputs = PATHS["staged"].run(inputs)
    assert inputs.running_var is not None
    assert np.array_equal(outputs["running_var"], inputs.running_var)
    assert not np.shares_memory(outputs["running_var"], inputs.running_var)


def test_history_is_left_to_the_caller() -> None:
    """A path normalizes x alone, whatever was normalized before it."""
    inputs = ask()
    with_history = ask(earlier=(inputs.x * 2,))
    expected, actual = (PATHS["staged"].run(i)["running_mean"] for i in (inputs, with_history))
    assert np.array_equal(actual, expected)


def test_per_activation_refuses_spatial_statistics() -> None:
    """per_activation sums over the batch alone and says so where space is to be summed over."""
    with pytest.raises(Unsupported, match="batch axis alone"):
        PATHS["per_activation"].run(ask(shape=(3, 4, 2, 5)))


def test_test_mode_without_buffers_says_what_is_missing() -> None:
    """Test mode needs running statistics; the error names them."""
    with pytest.raises(ValueError, match="running_mean and running_var are None"):
        PATHS["staged"].run(ask(training=False, running_mean=None, running_var=None))


def test_sigma_plus_eps_has_a_gradient_at_a_constant_channel() -> None:
    """With eps outside the root, dx of a constant channel is the derivative of y, and finite."""
    inputs = ask(shape=(5, 2), dtype=np.float64, x=np.full((5, 2), 1.25), eps=0.5)
    run, h = PATHS["sigma_plus_eps"].run, 2.0**-24
    assert inputs.dy is not None
    slopes = np.zeros_like(inputs.x)
    for index in np.ndindex(inputs.x.shape):
        step = np.zeros_like(inputs.x)
        step[index] = h
        up, down = (
            run(ask(shape=(5, 2), dtype=np.float64, x=inputs.x + s, eps=0.5))["y"]
            for s in (step, -step)
        )
        slopes[index] = ((up - down) * inputs.dy).sum() / (2 * h)
    assert np.allclose(run(inputs)["dx"], slopes, rtol=0, atol=1e-6)  # O(h) away from the limit


def test_output_names_are_the_suites() -> None:
    """What the paths return is named as the suite's outputs are."""
    names = set(PATHS["staged"].run(ask()))
    assert names <= set(Outputs.__dataclass_fields__)
