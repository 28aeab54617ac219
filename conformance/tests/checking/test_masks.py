"""A check of a kernel that takes a mask: it is asked with one, and told what it does to it."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance
from conformance.checking import smoke
from conformance.checking.scope import Call
from conformance.commands.door import enter
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict.record import Status

MASKED = """
import numpy as np
def batch_norm(x, gamma, beta, dy, mask, *, running_mean, running_var, eps, momentum, training):
    rest = tuple(range(x.ndim - 1))
    kept = np.ones_like(x) if mask is None else np.broadcast_to(mask, x.shape).astype(x.dtype)
    M = kept.sum(rest)
    if not M.all(): raise NotImplementedError("needs a value per channel")
    if training:
        mean = (x * kept).sum(rest) / M
        var = ((x - mean) ** 2 * kept).sum(rest) / M
    else:
        mean, var = running_mean, running_var
    gamma = np.ones_like(mean) if gamma is None else gamma
    beta = np.zeros_like(mean) if beta is None else beta
    x_hat, scale = (x - mean) / (var + eps) ** 0.5, gamma / (var + eps) ** 0.5
    out = {"y": x_hat * gamma + beta, "dgamma": (dy * x_hat).sum(rest), "dbeta": dy.sum(rest)}
    through = (out["dbeta"] + x_hat * out["dgamma"]) / M if training else 0 * x
    out["dx"] = scale * (dy - kept * through)
    if training and running_mean is not None:
        out["running_mean"] = running_mean + momentum * (mean - running_mean)
        if (M > 1).all():
            out["running_var"] = running_var + momentum * (var * M / (M - 1) - running_var)
    return {name: value.astype(x.dtype) for name, value in out.items()}
batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32", "float64"]}
"""
"""Channels last, float32 and float64, with any mask."""


def kernel(folder: Path, text: str) -> str:
    """The selector of a kernel in a file."""
    (folder / "masked.py").write_text(text)
    return f"{folder / 'masked.py'}:batch_norm"


def test_a_right_kernel_is_compared_with_masks(tmp_path: Path) -> None:
    """Its masked cases are compared, fresh ones too, and nothing in them is wrong."""
    report = conformance.check(kernel(tmp_path, MASKED), case=["masks/*"])
    assert report.conforms, report.to_json()
    compared = {c.case for c in report.cases if c.status in (Status.PASS, Status.DEGRADED)}
    assert {"masks/lengths-float32", "masks/values-nhwc-float64", "masks/one-kept"} <= compared


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("np.broadcast_to(mask, x.shape)", "np.ones(x.shape)", "mask-ignored"),
        ("M = kept.sum(rest)", "M = np.ones_like(kept).sum(rest)", "mask-count-of-all"),
        ("(x - mean) ** 2 * kept", "(x * kept - mean) ** 2", "mask-padding-as-zero"),
        ("(dy - kept * through)", "(dy - through)", "mask-gradient-everywhere"),
        ("scale * (dy - kept", "kept * scale * (dy - kept", "mask-cuts-dx"),
    ],
)
def test_a_wrong_kernel_is_told_what_it_does_to_the_mask(
    tmp_path: Path, right: str, wrong: str, fault: str
) -> None:
    """The diagnosis names the fault, from a kernel that is right without a mask."""
    assert right in MASKED
    selector = kernel(tmp_path, MASKED.replace(right, wrong))
    report = conformance.check(selector, case=["masks/*", "dense/*"])
    assert not report.conforms
    assert all(c.case.startswith("masks/") for c in report.cases if c.status is Status.FAIL)
    assert fault in {each.fault for each in report.diagnosis}


def test_smoke_asks_masks_of_those_that_take_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A smoke tier holds masked cases for a kernel with the parameter, and none for another."""
    report = conformance.check(kernel(tmp_path, MASKED), tier="smoke")
    assert any(c.case.startswith("masks/") for c in report.cases)
    report = conformance.check(kernel(tmp_path, RIGHT), tier="smoke")
    assert not any(c.case.startswith("masks/") for c in report.cases)
    assert enter(["check", kernel(tmp_path, RIGHT), "--case", "masks/two-kept"]) == 1
    assert "mask" in "".join(capsys.readouterr())


def test_masked_calls_are_a_kind_of_their_own() -> None:
    """What a smoke tier and fresh cases count by parts them from the same calls without a mask."""
    calls = smoke.calls()
    cell = calls["masks/lengths-float32"].cell
    assert cell.endswith("NLC masked")
    assert {name.split("/")[0] for name, call in calls.items() if call.cell == cell} == {"masks"}
    assert isinstance(calls["masks/lengths-float32"], Call)


def test_the_search_finds_a_fault_under_masks_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--fuzz`` draws masks for a kernel that takes them, and prints a call that repeats it."""
    wrong = MASKED.replace("(dy - kept * through)", "(dy - through)")
    status = enter(["check", kernel(tmp_path, wrong), "--no-fresh", "--fuzz", "60",
                    "--case", "dense/train-float32", "--seed", "1"])  # fmt: skip
    said = capsys.readouterr().out
    assert status == 1
    assert "found after" in said
    assert "mask=np.array(" in said
