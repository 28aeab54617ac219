"""Tests of adapters/numba_cpu: the kernels that Numba compiles for the CPU."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba", reason="Numba is not installed here")

from conformance import adapter, float_types
from conformance.case import LIMIT, Outputs
from conformance.tests.adapters.trial import ask, errors

ADAPTER = adapter.load("numba_cpu")
KERNELS = sys.modules["conformance._loaded_adapters.numba_cpu.kernels"]
NJIT = ADAPTER.path("njit")

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float64-NCHW": {"shape": (3, 4, 2, 5), "dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-axis-0": {"shape": (3, 5, 7), "axis": 0},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "float64+float32": {"shape": (4, 3, 5, 2), "dtype": np.float64, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2, 2), "axis": (1, 2, 3)},
    "two channel axes": {"shape": (6, 3, 2, 4), "axis": (1, 3)},
    "far from zero": {"shape": (64, 3), "offset": 3e4},
    "no gamma": {"shape": (3, 4, 2, 5), "gamma": None},
    "no beta": {"shape": (3, 4, 2, 5), "beta": None},
    "no gradient": {"shape": (3, 4, 2, 5), "dy": None},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_every_output_is_grade_a(call: str, training: bool) -> None:
    """In both modes, any layout and far from zero every output is within grade A."""
    inputs = ask(**CALLS[call], training=training)
    assert adapter.why_not(NJIT.capabilities, inputs) is None
    found = errors(inputs, NJIT.run(inputs), NJIT.dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_nothing_is_left_out() -> None:
    """Training mode answers with every output that the suite knows."""
    assert set(NJIT.run(ask())) == set(Outputs.__dataclass_fields__) - {"running_var_biased"}


def test_parameters_that_do_not_exist_have_no_gradient() -> None:
    """Without gamma and beta there is no dgamma and no dbeta; without buffers, no new ones."""
    absent: dict[str, Any] = dict.fromkeys(("gamma", "beta", "running_mean", "running_var"))
    assert set(NJIT.run(ask(**absent))) == {"y", "dx", "mean", "var", "inv_std"}


def test_types_are_those_that_are_due() -> None:
    """Images have the type of x, gradients and buffers that of the parameters."""
    found = NJIT.run(ask(dtype=np.float64, params=np.float32))
    images = {found[name].dtype for name in ("y", "dx")}
    others = {found[n].dtype for n in ("dgamma", "dbeta", "running_mean", "running_var")}
    assert (images, others) == ({np.dtype(np.float64)}, {np.dtype(np.float32)})


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_refused(dtype: str) -> None:
    """Half types are unsupported with a reason: Numba compiles neither of them for the CPU."""
    assert dtype not in NJIT.capabilities.dtypes
    half = ask(dtype=float_types.dtype_of(dtype))
    assert adapter.why_not(NJIT.capabilities, half) == f"no {dtype}"
    with pytest.raises(Exception, match=r"float16|dtype"):
        KERNELS.statistics(half.x[..., np.newaxis].copy())


def test_what_rounding_left_in_the_mean_is_taken_from_the_variance() -> None:
    """Where the mean of float64 values is no float64 number, the variance is still right."""
    x = np.array([1e15, 1e15 + 0.125, 1e15 + 0.25, 1e15 + 0.25]).reshape(4, 1, 1)
    exact = float(np.var(x.ravel() - 1e15))
    (_, var) = KERNELS.statistics(x)
    assert abs(var[0] - exact) <= exact * 2**-50


def test_a_nan_stays_in_its_channel() -> None:
    """A NaN in one channel leaves the others as they were."""
    clean = ask((4, 5, 3))
    x = clean.x.copy()
    x[0, 2] = np.nan
    spoilt, others = NJIT.run(ask((4, 5, 3), x=x)), [0, 1, 3, 4]
    for output, array in NJIT.run(clean).items():
        where = np.s_[:, others] if output in {"y", "dx"} else np.s_[others]
        np.testing.assert_array_equal(spoilt[output][where], array[where], err_msg=output)
    assert np.isnan(spoilt["y"][:, 2]).all()


def test_an_empty_batch_changes_nothing() -> None:
    """An empty batch gives empty images, sums of 0 and the running statistics as they were."""
    inputs = ask((0, 3, 2))
    found = NJIT.run(inputs)
    assert found["y"].shape == found["dx"].shape == (0, 3, 2)
    assert not found["dgamma"].any()
    assert not found["dbeta"].any()
    np.testing.assert_array_equal(found["running_mean"], inputs.running_mean)
    np.testing.assert_array_equal(found["running_var"], inputs.running_var)


def test_arrays_of_the_caller_are_not_written_to() -> None:
    """The kernels read the caller's arrays, and what comes back shares no memory with them."""
    inputs = ask(training=False, dtype=np.float64)
    for name, array in NJIT.run(inputs).items():
        assert not any(np.shares_memory(array, given) for given in inputs.given().values()), name
