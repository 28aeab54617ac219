"""Kernels as they are first written: other names, no axis, no import of the framework."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance

KERAS = """
import keras
from keras import ops

class BN(keras.layers.Layer):
    def __init__(self, epsilon=1e-3):
        super().__init__()
        self.epsilon = epsilon

    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(shape[-1],))
        self.offset = self.add_weight(name="offset", shape=(shape[-1],))

    def call(self, x):
        rest = list(range(len(x.shape) - 1))
        mean, var = ops.mean(x, rest), ops.var(x, rest)
        return (x - mean) / ops.sqrt(var + self.epsilon) * self.scale + self.offset

BN.conformance = {"dtypes": ["float32"], "ranks": [2, 4]}
"""

NO_IMPORT = """
def bn(X, weight, bias, eps):
    rest, shape = [a for a in range(X.ndim) if a != 1], [1, -1] + [1] * (X.ndim - 2)
    mean = X.mean(rest, keepdim=True)
    var = ((X - mean) ** 2).mean(rest, keepdim=True)
    return weight.view(shape) * (X - mean) * (var + eps).rsqrt() + bias.view(shape)
bn.conformance = {"dtypes": ["float32", "float64"]}
"""

BY_PLACE = """
import torch

class BN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, X, w, b, e):
        rest, shape = [a for a in range(X.ndim) if a != 1], [1, -1] + [1] * (X.ndim - 2)
        var, mean = torch.var_mean(X, rest, correction=0, keepdim=True)
        inv_std = torch.rsqrt(var + e)
        ctx.save_for_backward((X - mean) * inv_std, inv_std, w)
        return (X - mean) * inv_std * w.view(shape) + b.view(shape)

    @staticmethod
    def backward(ctx, dy):
        x_hat, inv_std, w = ctx.saved_tensors
        rest, shape = [a for a in range(dy.ndim) if a != 1], [1, -1] + [1] * (dy.ndim - 2)
        db, dg, M = dy.sum(rest), (dy * x_hat).sum(rest), dy.numel() // dy.shape[1]
        inner = dy - (db.view(shape) + x_hat * dg.view(shape)) / M
        return w.view(shape) * inv_std * inner, dg, db, None

BN.conformance = {"dtypes": ["float32", "float64"], "signature": "x, gamma, beta, eps -> y"}
"""

MODULE = """
from torch import nn

class BN(nn.BatchNorm2d):
    def forward(self, x):
        assert self.weight.is_contiguous() and self.running_var.is_contiguous()
        return super().forward(x)

BN.conformance = {"dtypes": ["float32", "float64"]}
"""


def outputs(folder: Path, text: str, *cases: str) -> set[str]:
    """The outputs in which a kernel is right on some cases, where it is wrong in none."""
    (folder / "plain.py").write_text(text)
    report = conformance.check(str(folder / "plain.py"), case=cases, fresh=False)
    assert report.conforms, str(report)
    return {n for c in report.cases for n, r in c.outputs.items() if r.grade is not None}


def test_a_keras_layer_without_axis_has_its_channels_last(tmp_path: Path) -> None:
    """A layer that takes epsilon alone, with names of its own, is asked what it can answer."""
    pytest.importorskip("tensorflow")
    pytest.importorskip("keras")
    assert outputs(tmp_path, KERAS, "spatial/*", "dense/train-float32") == {
        *("y", "dx", "dgamma", "dbeta"),
    }


@pytest.mark.parametrize("text", [NO_IMPORT, BY_PLACE])
def test_a_torch_kernel_in_its_first_form_is_taken(tmp_path: Path, text: str) -> None:
    """Without an import of torch, or with parameters that have names of their own."""
    pytest.importorskip("torch")
    assert outputs(tmp_path, text, "spatial/train-*", "dense/train-float32") == {
        *("y", "dx", "dgamma", "dbeta"),
    }


def test_a_module_keeps_its_parameters_contiguous(tmp_path: Path) -> None:
    """Where arrays of a case are strided, a module's own are not, and its updates arrive."""
    pytest.importorskip("torch")
    assert outputs(tmp_path, MODULE, "memory/strided-*", "memory/transposed-*") >= {
        *("y", "dx", "dgamma", "running_mean", "running_var"),
    }
