"""Tests of adapters/mnn: its layer, its expressions, and models as its converter writes them."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.stating import require_told
from conformance.tests.adapters.trial import answer_or_skip, ask, errors

MNN = pytest.importorskip("MNN", reason="MNN is not installed here")

helper = pytest.importorskip("onnx.helper", reason="ONNX is not installed here")

ADAPTER = adapter.load("mnn")
CALLING, MODELS = (
    sys.modules[f"conformance._loaded_adapters.mnn.{n}"] for n in ("calling", "models")
)
PATHS = {path.name: path for path in ADAPTER.paths}
LAYERS = ("layer", "layer_nhwc", "onnx_for_training")
GRADIENTS = {"dx", "dgamma", "dbeta"}

CALLS: dict[str, dict[str, Any]] = {
    "NC": {},
    "NCL": {"shape": (5, 3, 7)},
    "NCHW": {"shape": (4, 3, 5, 2)},
    "NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "per activation": {"shape": (6, 2, 3), "axis": (1, 2)},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}


def _listed(name: str, call: str, training: bool) -> set[str]:
    """What expectations.toml says is wrong of ordinary calls."""
    if (name, call) == ("layer_nhwc", "NCL"):  # format-of-three-axes
        return {"y", "dx"} | (GRADIENTS | {"running_mean", "running_var"} if training else set())
    return {"dx"} if (name, training) == ("formula", True) else set()  # cast-without-gradient


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a_but_what_is_listed(name: str, call: str, training: bool) -> None:
    """On well-conditioned data all is grade A, but rank 3 in the format NHWC and a formula's dx."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs), PATHS[name].dialect)
    listed = _listed(name, call, training) & found.keys()
    assert {output for output, e in found.items() if e > LIMIT} == listed
    assert "y" in found


def test_what_each_path_returns() -> None:
    """A model returns y; the layers lose what they copy in test mode; one keeps its momentum."""
    images: dict[str, Any] = {"shape": (4, 3, 5, 2)}
    running = {"running_mean", "running_var"}
    trained = {n: set(PATHS[n].run(ask(**images))) - {"y"} for n in (*LAYERS, "formula")}
    assert trained == {
        "layer": GRADIENTS | running,
        "layer_nhwc": GRADIENTS | running,
        "onnx_for_training": GRADIENTS,
        "formula": GRADIENTS,
    }
    tested = {n: set(PATHS[n].run(ask(**images, training=False))) - {"y"} for n in PATHS}
    assert tested == {
        "layer": {"dx"} | running,
        "layer_nhwc": {"dx"} | running,
        "onnx_for_training": {"dx"},
        "formula": GRADIENTS,
        "onnx_opset15": set(),
    }


def test_rank_5_is_left_out_because_the_layer_has_no_such_statistics() -> None:
    """Told five dimensions, the layer makes parameters of another shape, and takes none of ours."""
    shapes = [list(p.shape) for p in MNN.nn.batch_norm(3, 5).parameters]
    assert shapes == [[], [], [], []]


def test_float64_is_left_out_because_it_is_not_read_as_what_it_is() -> None:
    """A variable that is told to be double holds the words of float64 as float32."""
    values = np.array([1.0, 2.0])
    variable = MNN.expr.const(values, [2], MNN.expr.NCHW, MNN.expr.double)
    assert variable.read().tolist() == values.view(np.float32)[:2].tolist()


LAYER = {"eps": 1e-5, "new_weight": 0.01, "takes_mask": False}
DEFAULTS = {
    "layer": LAYER,
    "layer_nhwc": LAYER,
    "formula": {},
    # ONNX's own is 1e-5: the converter takes another where the attribute is absent.
    "onnx_opset15": {"eps": 1e-10, "takes_mask": False},
    "onnx_for_training": {"eps": 1e-10, "takes_mask": False},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_the_public_call(name: str) -> None:
    """Eps, what a new value weighs and whether a mask is taken are the framework's own."""
    require_told(PATHS[name], DEFAULTS[name])


def test_arguments_are_copied() -> None:
    """What a variable holds stays where the array that it was made of changes later."""
    values = np.ones(3, np.float32)
    variable = CALLING.variable(values, (3,))
    values[:] = 2
    assert CALLING.array(variable).tolist() == [1, 1, 1]
    assert CALLING.array(variable).flags.owndata


def test_a_model_that_trains_is_converted_to_one_that_does_not(tmp_path: Path) -> None:
    """There is no path of training_mode = 1: the converter drops it, and y is that of test mode."""
    inputs = ask()
    model = MODELS.node(inputs)
    model.graph.node[0].attribute.append(helper.make_attribute("training_mode", 1))
    model.graph.node[0].output.extend(["mean", "var"])
    (y,) = MODELS.load(MODELS.converted(model, tmp_path)).forward(
        [CALLING.variable(inputs.x, inputs.x.shape)]
    )
    tested = PATHS["onnx_opset15"].run(replace(inputs, training=False))["y"]
    np.testing.assert_array_equal(CALLING.array(y), tested)


FAILING = {
    "layer": ("extremes/squares-overflow-float32", "y"),
    "onnx_for_training": ("extremes/squares-overflow-float32", "y"),
    "formula": ("dense/train-float32", "dx"),
}
"""A case that fails on a path, and an output of it; the others have none that returns anything."""

TOLD = list(PATHS), tuple(CALLS)
"""Paths and calls that programs are written for."""
