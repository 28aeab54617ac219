"""Tests that what Flax's layers see and give is captured, compiled or not."""

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

jax = pytest.importorskip("jax", reason="JAX is not installed here")
flax = pytest.importorskip("flax", reason="Flax is not installed here")
linen: Any = pytest.importorskip("flax.linen")
nnx: Any = pytest.importorskip("flax.nnx")
jnp: Any = jax.numpy

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


@in_checkout
def test_a_defect_of_the_framework_shows(tmp_path: Path) -> None:
    """A column of times has a variance that is lost in E[x^2] - E[x]^2, Flax's usual one.

    The same layer computes it rightly from deviations.
    """
    status, said = captured("flax_tabular.py:prepare", tmp_path / "one", "--steps", "0,3")
    assert status == 1
    assert wrong(said) == {"columns y", "columns running_var"}
    assert outputs(said, "inner") == ALL
    status, said = captured("flax_tabular.py:prepare_two_pass", tmp_path / "two", "--steps", "0,3")
    assert (status, wrong(said)) == (0, set())


@in_checkout
def test_a_residual_network_of_nnx_is_captured(tmp_path: Path) -> None:
    """Each block in each chosen step of a compiled training, all gradients included."""
    status, said = captured("flax_resnet.py:prepare", tmp_path / "new", "--steps", "0,2")
    assert (status, wrong(said)) == (0, set())
    told = [(call["layer"], call["step"]) for call in said["calls"]]
    assert told == [(f"blocks.{block}.bn", step) for block in (0, 1) for step in (0, 2)]
    assert outputs(said, "blocks.0.bn") == outputs(said, "blocks.1.bn") == ALL


class Net(linen.Module):  # type: ignore[misc]  # checked without Flax
    """Two layers, of which the first has what is given."""

    given: Any = None

    @linen.compact  # type: ignore[untyped-decorator, unused-ignore]  # the same
    def __call__(self, x: Any, *, train: bool) -> Any:
        """Normalize twice."""
        x = linen.BatchNorm(not train, name="one", **(self.given or {}))(x)
        return linen.BatchNorm(not train, name="two", momentum=0.5)(x + 1)


def linen_step(model: Any, *, train: bool = True, compiled: bool = False) -> Callable[[], None]:
    """A step of a linen model: forward, and backward by the batch and the parameters."""
    state = model.init(jax.random.key(0), X, train=False)

    def loss(x: Any, parameters: Any) -> Any:
        given = {**state, "params": parameters}
        y, kept = model.apply(given, x, train=train, mutable=["batch_stats"])
        return (y**3).sum(), kept

    graded = jax.grad(loss, argnums=(0, 1), has_aux=True)
    run = jax.jit(graded) if compiled else graded

    def step() -> None:
        run(X, state.get("params", {}))  # nobody waits for it

    return step


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("train", [True, False])
def test_linen_is_captured(compiled: bool, train: bool) -> None:
    """In training and in test mode, under jit and without."""
    step = linen_step(model := Net(), train=train, compiled=compiled)
    report = report_of(model, step, step)
    assert right(report)
    told = [(a.seen.layer, a.seen.step, a.case.inputs.training) for a in report.answers]
    assert told == [(layer, s, train) for layer in ("one", "two") for s in (0, 1)]
    assert all(set(answer.results) == ALL for answer in report.answers)


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        ({"use_scale": False}, {"dgamma"}),
        ({"use_bias": False}, {"dbeta"}),
        ({"axis": 1, "epsilon": 0.1}, set()),
    ],
)
def test_every_kind_of_layer_is_captured(options: dict[str, Any], lacking: set[str]) -> None:
    """Without scale, without bias, with the channels elsewhere."""
    report = report_of(model := Net(options), linen_step(model), layers="one")
    assert right(report)
    assert set(report.answers[0].results) == ALL - lacking


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"axis_name": "devices"}, "statistics of all devices"),
        ({"axis": (1, 2)}, "one channel axis was wanted"),
        ({"dtype": jnp.float16}, "y is float16 where x is float32"),
    ],
)
def test_what_cannot_be_captured_is_said(options: dict[str, Any], why: str) -> None:
    """Of that layer alone; the other is captured."""
    model = Net(options)
    if "axis_name" in options:
        state = Net().init(jax.random.key(0), X, train=False)
        batch = X[None]

        def step() -> None:
            jax.vmap(
                lambda x: model.apply(state, x, train=True, mutable=["batch_stats"]),
                axis_name="devices",
            )(batch)

        report = report_of(model, step, layers="one")
    else:
        report = report_of(model, linen_step(model), layers="one")
    assert not report.answers
    assert why in str(report)


def test_a_function_that_was_compiled_before_is_not_seen() -> None:
    """Nothing of it is traced again; that is an error, and no empty capture."""
    step = linen_step(model := Net(), compiled=True)
    step()
    with pytest.raises(SelectionError, match="compiled before"):
        report_of(model, step)


def test_calls_that_cannot_be_told_apart_are_said() -> None:
    """A compiled function that runs twice in a step overwrites what it told: it is left out."""
    step = linen_step(model := Net(), compiled=True)

    def twice() -> None:
        step()
        step()

    report = report_of(model, twice, step)
    assert [answer.seen.step for answer in report.answers] == [1, 1]
    assert "more than once in a step" in str(report)


@pytest.mark.parametrize("compiled", [False, True])
def test_nnx_is_captured(compiled: bool) -> None:
    """Training changes the statistics of the layer, and test mode uses them."""
    layer = nnx.BatchNorm(3, momentum=0.5, rngs=nnx.Rngs(0))

    def loss(layer: Any, x: Any) -> Any:
        return (layer(x) ** 3).sum()

    graded = nnx.grad(loss, argnums=(0, 1))
    run = nnx.jit(graded) if compiled else graded

    def train() -> None:
        layer.train()
        run(layer, X)

    def test() -> None:
        layer.eval()
        run(layer, X)

    before = layer.scale.get_value()
    report = report_of(layer, train, train, test)
    assert right(report)
    assert [answer.case.inputs.training for answer in report.answers] == [True, True, False]
    assert all(set(answer.results) == ALL for answer in report.answers)
    first, second, _ = (answer.case.inputs.running_mean for answer in report.answers)
    assert first is not None
    assert second is not None
    assert not first.any()
    assert second.any()
    np.testing.assert_array_equal(before, layer.scale.get_value())
    assert not hasattr(layer, "captured_as")


def test_an_nnx_layer_used_twice_has_two_calls() -> None:
    """The gradients of each call by itself, and not what its parameters have in the end."""
    layer = nnx.BatchNorm(3, rngs=nnx.Rngs(0))
    run = nnx.grad(lambda layer: (layer(layer(X)) ** 3).sum())
    report = report_of(layer, lambda: run(layer))
    assert [answer.seen.number for answer in report.answers] == [0, 1]
    assert right(report)
    assert all("dgamma" in answer.results for answer in report.answers)


def test_an_nnx_layer_from_outside_is_captured() -> None:
    """Where a function is traced that holds it, its parameters cannot be set and need not be."""
    layer = nnx.BatchNorm(3, rngs=nnx.Rngs(0), use_running_average=True)
    run = jax.jit(jax.grad(lambda x: (layer(x) ** 3).sum()))
    report = report_of(layer, lambda: run(X))
    assert right(report)
    assert set(report.answers[0].results) == ALL - {"dgamma", "dbeta"}
    np.testing.assert_array_equal(layer.scale.get_value(), np.ones(3))


def test_nnx_with_a_mask_is_left_out_and_said() -> None:
    """What is normalized by a part of the values is another function."""
    layer = nnx.BatchNorm(3, rngs=nnx.Rngs(0))
    report = report_of(layer, lambda: layer(X, mask=np.ones((9, 4, 1), bool)))
    assert not report.answers
    assert "it is given a mask" in str(report)
