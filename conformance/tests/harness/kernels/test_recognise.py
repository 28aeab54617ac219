"""Tests of telling whose arrays a function takes, without calling it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import AdapterError
from conformance.harness.kernels import find
from conformance.harness.kernels.recognise import arrays_of, kind

FAKES = {
    "torch": "class Tensor: ...\ndef mean(x): return x\n",
    "jax/__init__": "",
    "jax/numpy": "def mean(x): return x\n",
}


@pytest.fixture
def frameworks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules with the names of frameworks: recognition looks at names alone."""
    for name, text in FAKES.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("torch", "jax", "jax.numpy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "arrays"),
    [
        ("import numpy as np\ndef f(x): return np.mean(x)", "numpy"),
        ("def f(x): return x", "numpy"),
        ("import torch\ndef f(x): return torch.mean(x)", "torch"),
        ("from torch import mean\ndef f(x): return mean(x)", "torch"),
        ("import torch\ndef f(x: torch.Tensor): return x", "torch"),
        ("import jax.numpy as jnp\ndef f(x): return jnp.mean(x)", "jax"),
        ("import torch\ndef g(x): return torch.mean(x)\ndef f(x): return g(x)", "torch"),
        ("import torch\ndef f(x): return x.sum()", "torch"),
        ("def f(x): return x.mean(0, keepdim=True)", "torch"),
        ("def f(x): return x.permute(0, 1).contiguous()", "torch"),
        ("def f(x): return x.mean(0, keepdims=True)", "numpy"),
        ("import torch, numpy\ndef f(x): return x.sum()", "numpy"),
        ("import numpy, torch\ndef f(x): return torch.mean(torch.from_numpy(x))", "numpy"),
    ],
)
def test_arrays_are_told_by_what_the_code_uses(frameworks: Path, text: str, arrays: str) -> None:
    """A function takes the arrays of the framework that it, or what it calls, works with."""
    file = frameworks / "kernel_under_test.py"
    file.write_text(text)
    sys.modules.pop("kernel_under_test", None)
    found: Any = find.find(f"{file}:f")
    assert arrays_of(found) == arrays
    assert arrays_of(partial(found)) == arrays


@pytest.mark.parametrize("found", [3, sys, object])
def test_what_cannot_be_called_on_arrays_is_no_kernel(found: object) -> None:
    """The message says what a kernel may be."""
    with pytest.raises(AdapterError, match="a function over arrays"):
        kind(found, "some:thing")


def test_a_function_is_a_kernel() -> None:
    """Any function may be one; what it takes is looked at later."""
    assert kind(lambda x: x, "some:thing") == "function"
