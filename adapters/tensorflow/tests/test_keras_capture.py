"""Tests that what Keras's layers see and give over TensorFlow is captured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.capture import capturing
from conformance.capture.report import Report
from conformance.errors import SelectionError
from conformance.tests.capture.examples import captured, in_checkout, outputs, wrong

tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow is not installed here")
keras: Any = pytest.importorskip("keras", reason="Keras is not installed here")

ALL = {"y", "dx", "dgamma", "dbeta", "running_mean", "running_var"}
X = np.random.default_rng(0).normal(size=(9, 4, 3)).astype(np.float32)


def report_of(model: Any, *steps: Callable[[], object], **choice: Any) -> Report:
    """What is captured in these steps."""
    with capturing(model, **choice) as capture:
        for step in steps:
            step()
            capture.next_step()
    return capture.report()


def right(report: Report) -> bool:
    """Whether nothing that was judged is wrong, and something was judged."""
    return bool(report.answers) and not report.wrong and all(a.results for a in report.answers)


def trained(layer: Any, *, training: bool = True) -> Callable[[], None]:
    """A step: forward and backward over the batch."""

    def step() -> None:
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=training) ** 3)
        assert tape.gradient(loss, [x, *layer.trainable_weights])[0] is not None

    return step


@in_checkout
@pytest.mark.parametrize("function", ["prepare", "prepare_mixed"])
def test_a_network_is_captured(function: str, tmp_path: Path) -> None:
    """Both layers in each chosen step of `train_on_batch`, gradients included."""
    status, said = captured(f"keras_images.py:{function}", tmp_path / "new", "--steps", "0,2")
    assert (status, wrong(said)) == (0, set())
    told = [(call["layer"], call["step"]) for call in said["calls"]]
    assert told == [(f"images/{n}", s) for n in ("first", "second") for s in (0, 2)]
    assert outputs(said, "images/first") == ALL
    assert outputs(said, "images/second") == ALL - {"dgamma"}


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({}, set()),
        ({"scale": False}, {"dgamma"}),
        ({"center": False}, {"dbeta"}),
        ({"axis": 1, "epsilon": 0.1, "momentum": 0.5}, set()),
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_every_kind_of_layer_is_captured(
    options: dict[str, Any], lacking: set[str], training: bool
) -> None:
    """With and without scale and center, in training and in test mode."""
    layer = keras.layers.BatchNormalization(**options)
    layer.build(X.shape)
    report = report_of(layer, trained(layer), trained(layer, training=training))
    assert right(report)
    assert [a.case.inputs.training for a in report.answers] == [True, training]
    assert all(set(answer.results) == ALL - lacking for answer in report.answers)


def test_a_frozen_layer_normalizes_by_its_statistics() -> None:
    """As Keras means ``trainable = False``, whatever the call says."""
    layer = keras.layers.BatchNormalization()
    layer.build(X.shape)
    layer.trainable = False
    report = report_of(layer, trained(layer))
    assert right(report)
    assert not report.answers[0].case.inputs.training


def test_a_layer_used_twice_has_two_calls() -> None:
    """The gradients of each call by itself."""
    layer = keras.layers.BatchNormalization()
    layer.build(X.shape)

    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(layer(tf.constant(X), training=True), training=True) ** 3)
        tape.gradient(loss, layer.trainable_weights)

    report = report_of(layer, step)
    assert [answer.seen.number for answer in report.answers] == [0, 1]
    assert right(report)
    assert all("dgamma" in answer.results for answer in report.answers)


def test_what_cannot_be_captured_is_said() -> None:
    """A compiled step, a mask, and a layer that does something else."""
    model = keras.Sequential([keras.layers.BatchNormalization(name="plain"), keras.layers.Dense(1)])
    model.build(X.shape)
    compiled = tf.function(lambda: model(X, training=True))
    masked = keras.layers.BatchNormalization(name="masked")
    masked.build(X.shape)
    assert "run_eagerly=True" in str(report_of(model, compiled))
    mask = np.ones((9, 4), bool)
    assert "given a mask" in str(report_of(masked, lambda: masked(X, mask=mask, training=True)))
    renorm = keras.layers.BatchNormalization(renorm=True)
    renorm.build(X.shape)
    assert "renormalizes" in str(report_of(renorm, lambda: renorm(X, training=True)))
    with pytest.raises(SelectionError, match=r"The model has: .*plain"):
        report_of(model, layers="other")


def test_training_goes_on_as_without() -> None:
    """The weights after some steps are the same bits, and the layer's call is its own again."""

    def weights(*, watched: bool) -> list[bytes]:
        keras.utils.set_random_seed(0)
        layer = keras.layers.BatchNormalization()
        model = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(3), layer])
        model.compile("sgd", "mse", run_eagerly=True)

        def step() -> None:
            model.train_on_batch(X, X)

        if watched:
            report_of(model, step, step)
        else:
            step()
            step()
        assert "call" not in vars(layer)
        return [np.asarray(weight).tobytes() for weight in model.get_weights()]

    assert weights(watched=True) == weights(watched=False)
