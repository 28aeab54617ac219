"""Tests that what PyTorch's layers see and give is captured, call by call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.capture import capturing
from conformance.capture.report import Report
from conformance.errors import InputError, SelectionError
from conformance.tests.capture.examples import captured, in_checkout, outputs, wrong

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
nn: Any = torch.nn
ALL = {"y", "dx", "dgamma", "dbeta", "running_mean", "running_var"}


def report_of(model: Any, *steps: Callable[[], object], **choice: Any) -> Report:
    """What is captured in these steps."""
    with capturing(model, **choice) as capture:
        for step in steps:
            step()
            capture.next_step()
    return capture.report()


def backward(model: Any, *shape: int) -> Callable[[], None]:
    """A step: forward and backward over a batch that asks for its gradient too."""

    def step() -> None:
        x = torch.randn(*shape, requires_grad=True)
        (model(x) * torch.randn(1)).square().sum().backward()

    return step


def right(report: Report) -> bool:
    """Whether nothing that was judged is wrong, and something was judged."""
    return bool(report.answers) and not report.wrong and all(a.results for a in report.answers)


@in_checkout
@pytest.mark.parametrize("function", ["prepare", "prepare_autocast"])
def test_a_residual_network_is_captured(function: str, tmp_path: Path) -> None:
    """Each layer in each chosen step, all gradients included, though a branch goes past it."""
    status, said = captured(f"torch_resnet.py:{function}", tmp_path / "new", "--steps", "0,3")
    assert (status, wrong(said)) == (0, set())
    layers = ["bn", "layer1.bn1", "layer1.bn2", "layer2.bn1", "layer2.bn2"]
    assert [(c["layer"], c["step"]) for c in said["calls"]] == [
        (n, s) for n in layers for s in (0, 3)
    ]
    assert all(outputs(said, layer) == ALL for layer in layers)
    types = "bfloat16+float32" if function == "prepare_autocast" else "float32"
    assert {call["types"] for call in said["calls"]} == {types}


@in_checkout
def test_chosen_layers_alone_are_captured(tmp_path: Path) -> None:
    """By globs, repeatable, and whole channels of them."""
    words = ("--layers", "layer1.*", "--layers", "bn", "--channels", "3")
    _, said = captured("torch_resnet.py:prepare", tmp_path / "new", *words)
    assert [call["layer"] for call in said["calls"]] == ["bn", "layer1.bn1", "layer1.bn2"]
    assert {tuple(call["channels"]) for call in said["calls"]} == {(0, 8, 15)}
    assert not wrong(said)


@in_checkout
def test_two_networks_against_each_other_are_captured(tmp_path: Path) -> None:
    """A layer that is called three times in a step has the gradients of each call by itself."""
    status, said = captured("torch_gan.py:prepare", tmp_path / "new")
    assert (status, wrong(said)) == (0, set())
    calls = [call["call"] for call in said["calls"] if call["layer"] == "critic.3"]
    assert calls == [0, 1, 2]
    assert outputs(said, "critic.3") == outputs(said, "generator.4") == ALL


@in_checkout
def test_a_table_is_captured(tmp_path: Path) -> None:
    """Columns as they come: the batch takes no gradient, so no dx is given and none is judged."""
    status, said = captured("torch_tabular.py:prepare", tmp_path / "new", "--steps", "0,3")
    assert (status, wrong(said)) == (0, set())
    assert outputs(said, "0") == ALL - {"dx"}
    assert outputs(said, "2") == ALL


@in_checkout
def test_momentum_none_is_the_weight_of_a_mean(tmp_path: Path) -> None:
    """In step 3 the new statistics weigh a fourth, and the running ones are right so."""
    _, said = captured("torch_tabular.py:prepare_cumulative", tmp_path / "new", "--steps", "0,3")
    assert [call["momentum"] for call in said["calls"]] == [1.0, 0.25] * 2
    assert not wrong(said)


@in_checkout
def test_a_defect_of_the_framework_shows(tmp_path: Path) -> None:
    """All in bfloat16, PyTorch rounds the mean before it subtracts: y and dx are wrong.

    A check of the layer against the folder says the same.
    """
    example = "torch_tabular.py:prepare_bfloat16"
    status, said = captured(example, tmp_path / "new")
    assert (status, wrong(said)) == (1, {"2 y", "2 dx"})
    report = conformance.check("torch.nn:BatchNorm1d", golden=tmp_path / "new")
    failing = {n for c in report.cases for n, r in c.outputs.items() if r.status.value == "fail"}
    assert failing == {"y", "dx"}


def test_what_follows_in_place_is_not_captured() -> None:
    """Y is what the layer gave, and not what an activation made of it in the same memory."""
    model = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    report = report_of(model, backward(model, 5, 4, 3, 3))
    assert right(report)
    assert (report.answers[0].seen.gave["y"] < 0).any()


def test_a_layer_used_twice_has_two_calls() -> None:
    """Its gradients are those of each call, and not what its parameters hold in the end."""
    layer = nn.BatchNorm1d(3)
    x = torch.randn(6, 3, requires_grad=True)
    report = report_of(layer, lambda: (layer(layer(x)) ** 3).sum().backward())
    assert [a.seen.number for a in report.answers] == [0, 1]
    assert right(report)
    total = sum(answer.seen.gave["dgamma"] for answer in report.answers)
    np.testing.assert_allclose(total, layer.weight.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "mode", "given"),
    [
        ({"affine": False}, "train", {"x", "dy", "running_mean", "running_var"}),
        ({"track_running_stats": False}, "train", {"x", "dy", "gamma", "beta"}),
        ({"momentum": 0.7, "eps": 0.1}, "train", None),
        ({}, "test", None),
        ({"affine": False}, "test", {"x", "dy", "running_mean", "running_var"}),
        ({"momentum": None}, "test", None),
    ],
)
def test_every_kind_of_layer_is_captured(
    options: dict[str, Any], mode: str, given: set[str] | None
) -> None:
    """With and without parameters and statistics, in training and in test mode."""
    layer = nn.BatchNorm1d(3, **options)
    with torch.no_grad():
        layer(2 * torch.randn(50, 3) + 1)
    layer.train(mode == "train")
    report = report_of(layer, backward(layer, 7, 3, 5))
    assert right(report)
    (answer,) = report.answers
    assert answer.case.inputs.mode == mode
    assert given in (None, set(answer.seen.given))
    assert "dx" in answer.results


def test_without_statistics_test_mode_normalizes_by_the_batch() -> None:
    """As PyTorch does where it has none to normalize by."""
    layer = nn.BatchNorm1d(3, track_running_stats=False).eval()
    report = report_of(layer, backward(layer, 7, 3))
    assert right(report)
    assert report.answers[0].case.inputs.training


def test_without_gradients_the_forward_pass_is_captured() -> None:
    """Nothing came back, so nothing of it is given or judged."""
    layer = nn.BatchNorm1d(3)
    with torch.no_grad():
        report = report_of(layer, lambda: layer(input=torch.randn(7, 3)))
    assert right(report)
    assert set(report.answers[0].results) == {"y", "running_mean", "running_var"}


def test_a_lazy_layer_is_captured_from_its_first_call_on() -> None:
    """Its parameters are there when it is called."""
    layer = nn.LazyBatchNorm1d()
    assert right(report_of(layer, backward(layer, 7, 3)))


def test_memory_is_told() -> None:
    """A batch whose channels lie last is asked so of a kernel, too."""
    model = nn.BatchNorm2d(4)
    x = torch.randn(2, 4, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
    report = report_of(model, lambda: model(x).square().sum().backward())
    assert report.answers[0].case.inputs.memory == "x=channels_last dy=channels_last"
    assert right(report)


def test_training_goes_on_as_without() -> None:
    """The parameters after some steps are the same bits, and no hook is left."""

    def trained(watched: bool) -> list[bytes]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(inplace=True))
        optimizer = torch.optim.SGD(model.parameters(), 0.1)

        def step() -> None:
            optimizer.zero_grad()
            model(torch.randn(8, 4)).square().sum().backward()
            optimizer.step()

        if watched:
            report_of(model, step, step)
        else:
            step()
            step()
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        return [p.detach().numpy().tobytes() for p in model.state_dict().values()]

    assert trained(watched=True) == trained(watched=False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what compiling imports
def test_what_cannot_be_captured_is_said() -> None:
    """A layer with a forward of its own, statistics of many processes, a compiled model."""

    class Own(nn.BatchNorm1d):  # type: ignore[misc]  # checked without PyTorch
        def forward(self, x: Any) -> Any:
            return super().forward(x) * 2

    model = nn.Sequential(nn.BatchNorm1d(3), Own(3), nn.SyncBatchNorm(3))
    report = report_of(model, lambda: model[:2](torch.randn(5, 3)))
    assert [left.layer for left in report.left] == ["1", "2"]
    assert "Own has a forward of its own" in report.left[0].why
    assert "statistics of all processes" in report.left[1].why
    assert len(report.answers) == 1
    with (
        pytest.raises(InputError, match="the model is compiled"),
        capturing(torch.compile(model, backend="eager")),
    ):
        pass
    with (
        pytest.raises(SelectionError, match="The model has: 0, 1, 2"),
        capturing(model, layers="bn*"),
    ):
        pass


def test_a_call_that_raises_is_said() -> None:
    """A batch of one value per channel is refused by PyTorch, and left out here."""
    layer = nn.BatchNorm1d(3)

    def step() -> None:
        with pytest.raises(ValueError, match="more than 1 value"):
            layer(torch.randn(1, 3))

    report = report_of(layer, step)
    assert not report.answers
    assert "it came to no end" in report.left[0].why


def test_a_second_differentiation_is_told() -> None:
    """What came back first is what is kept."""
    layer = nn.BatchNorm1d(3)
    x = torch.randn(6, 3, requires_grad=True)

    def step() -> None:
        loss = layer(x).pow(3).sum()
        loss.backward(retain_graph=True)
        (7 * loss).backward()

    report = report_of(layer, step)
    assert right(report)
    assert "more than once" in report.answers[0].seen.notes[0]
