"""Tests of Flax modules as kernels: what is built, what is refused; skipped without Flax."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import conformance
from conformance.checking.report import Report
from conformance.errors import AdapterError

pytestmark = pytest.mark.skipif(find_spec("flax") is None, reason="Flax is not installed")

HEAD = """
import jax, jax.numpy as jnp
from flax import linen, nnx
"""
REFUSED = {
    "a constructor that asks for more": (
        "class N(nnx.Linear): pass",
        "asks for in_features, out_features; wanted was the constructor of flax.nnx.BatchNorm",
    ),
    "an instance": (
        "N = nnx.BatchNorm(3, rngs=nnx.Rngs(0))",
        "is one BatchNorm, made for one number of channels. Give its class",
    ),
}
WRONG = {
    "two in one": (
        """
class N(nnx.Module):
    def __init__(self, n, rngs):
        self.one, self.two = nnx.BatchNorm(n, rngs=rngs), nnx.BatchNorm(n, rngs=rngs)
    def __call__(self, x): return self.two(self.one(x))
""",
        "N has two variables for running_mean, one was wanted. Give a class with one",
    ),
    "a name that says nothing": (
        """
class N(linen.Module):
    @linen.compact
    def __call__(self, x):
        return x * self.param("gain", linen.initializers.ones, (x.shape[-1],))
""",
        "N has no variable for gamma, beta; it has gain, whose names do not say what they are",
    ),
    "another shape": (
        """
class N(nnx.Module):
    def __init__(self): self.scale, self.bias = nnx.Param(jnp.ones(1)), nnx.Param(jnp.ones(1))
    def __call__(self, x): return x * self.scale + self.bias
""",
        "the layer's variable for gamma has the shape (1,), one value for each of 3 channels",
    ),
}
PLAIN = """
class N(nnx.Module):
    def __init__(self, n, *, rngs):
        self.rngs = rngs
        self.weight, self.bias = (nnx.Param(jnp.full((1, 1, 1, n), v)) for v in (1.0, 0.0))
    def __call__(self, x):
        rest = tuple(range(x.ndim - 1))
        return (x - x.mean(rest)) / jnp.sqrt(x.var(rest) + 1e-5) * self.weight + self.bias
N.conformance = {"dtypes": ["float32"], "ranks": [4], "fixed_eps": 1e-5}
"""
FIELDS = """
class N(linen.BatchNorm):
    @linen.compact
    def __call__(self, x):
        assert self.axis == 1
        return super().__call__(x)
N.conformance = {"ranks": [4]}
"""


def report_on(folder: Path, text: str, *cases: str) -> Report:
    """The report on a class N of a file."""
    (folder / "made.py").write_text(HEAD + text)
    return conformance.check(f"{folder / 'made.py'}:N", case=cases, fresh=False)


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_layer_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """A class that cannot be built as a batch normalization is refused, with what was wanted."""
    with pytest.raises(AdapterError) as refusal:
        report_on(tmp_path, text, "spatial/train-nhwc-float32")
    assert words in str(refusal.value)


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_variables_that_are_not_understood_are_told(tmp_path: Path, text: str, words: str) -> None:
    """What a variable is must follow from its name and shape; else the message says what to do."""
    fixed = text + '\nN.conformance = {"fixed_eps": 1e-5}'
    report = report_on(tmp_path, fixed, "spatial/train-nhwc-float32")
    assert not report.conforms
    assert words in str(report.cases[0].outputs["y"].reason)


def test_a_plain_layer_is_asked_what_it_can_answer(tmp_path: Path) -> None:
    """A layer without statistics, with variables of four axes, is right in training and no more."""
    report = report_on(tmp_path, PLAIN, "spatial/*-nhwc-float32", "spatial/train-nchw-float32")
    assert report.conforms, str(report)
    assert report.dialect["layout"] == "channels_last"
    said = {c.case: {n: o.status for n, o in c.outputs.items()} for c in report.cases}
    assert said["spatial/train-nchw-float32"]["dgamma"] == "pass"
    assert {*said["spatial/test-nhwc-float32"].values()} == {"unsupported"}
    reason = next(c for c in report.cases if c.mode == "test").outputs["y"].reason
    assert reason == "no test mode: the layer has no use_running_average"


@pytest.mark.parametrize("kernel", ["flax.nnx:BatchNorm", "flax.linen:BatchNorm"])
def test_what_is_known_of_the_own_layers_of_flax_shows(kernel: str) -> None:
    """Their variance in one pass loses at a large mean, as is told, and nothing elsewhere."""
    cases = ("offset/rows-float32-100", "offset/rows-float32-10000", "spatial/train-nhwc-float32")
    report = conformance.check(kernel, case=cases, fresh=False)
    said = {c.case: {str(o.status) for o in c.outputs.values()} for c in report.cases}
    assert "degraded" in said["offset/rows-float32-100"]
    assert "fail" in said["offset/rows-float32-10000"]
    assert said["spatial/train-nhwc-float32"] <= {"pass", "unsupported"}
    assert "as lossy as E[x^2] - mean^2" in str(report)


def test_a_field_tells_the_mode_and_the_axis(tmp_path: Path) -> None:
    """A linen module whose call takes no mode is made anew for each, and works along any axis."""
    cases = ("spatial/train-nchw-float32", "spatial/test-nchw-float32")
    report = report_on(tmp_path, FIELDS, *cases)
    assert report.conforms, str(report)
    assert "training and test mode in turn" in report.state.sequences
