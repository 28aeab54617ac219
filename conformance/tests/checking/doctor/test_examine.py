"""Tests of the experiments: conventions alone and together, and kernels that are just wrong."""

from __future__ import annotations

from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Actual, Dialect, Inputs
from conformance.checking.doctor import CONVENTIONS, Ask, Finding, dialect, examine
from conformance.errors import AdapterError, Unsupported
from conformance.tests.checking.doctor.kernels import Chosen


def found(kernel: Ask, declared: Dialect | None = None) -> dict[str, Finding]:
    """Findings by convention."""
    return {f.convention: f for f in examine(kernel, declared or Dialect())}


def test_the_usual_kernel_needs_no_setting() -> None:
    """A kernel that follows every convention of the suite is told to set nothing."""
    findings = found(Chosen())
    assert list(findings) == list(CONVENTIONS)
    assert not [f for f in findings.values() if f.setting]
    assert [findings[n].found for n in ("momentum", "running_var", "eps", "layout")] == [
        "new",
        "unbiased",
        "inside",
        "any",
    ]


@pytest.mark.parametrize(
    ("momentum", "running_var", "eps", "axis"),
    list(product(("new", "old"), ("unbiased", "biased"), ("inside", "outside"), ("any", 1, -1))),
)
def test_conventions_are_told_apart_in_every_combination(
    momentum: str, running_var: str, eps: str, axis: str | int
) -> None:
    """Each is found whatever the others are, and the dialect that results says so."""
    kernel = Chosen(momentum=momentum, running_var=running_var, eps=eps, axis=axis)
    layout = {"any": "any", 1: "channels_first", -1: "channels_last"}[axis]
    findings = examine(kernel, Dialect())
    assert dialect(findings, Dialect()) == Dialect(
        momentum=momentum,  # type: ignore[arg-type]  # from a table of its values
        running_var=running_var,  # type: ignore[arg-type]  # the same
        eps=eps,  # type: ignore[arg-type]  # the same
        layout=layout,  # type: ignore[arg-type]  # the same
    )


@pytest.mark.parametrize("place", ["max(var, eps)", "none", "squared"])
def test_places_of_eps_that_no_option_sets_are_named(place: str) -> None:
    """What cannot be declared is said in words, with what to do."""
    finding = found(Chosen(eps=place))["eps"]
    assert finding.found == place
    assert finding.setting == "put eps inside the root: sqrt(var + eps)"


def test_a_batch_normalized_by_the_unbiased_variance_is_told() -> None:
    """The usual slip of the divisor is named where it shows: in y, beside eps."""
    finding = found(Chosen(eps="inside, N - 1"))["eps"]
    assert finding.found == "inside, N - 1"
    assert finding.setting == "normalize by the variance divided by M"


def test_a_declared_convention_is_the_one_that_counts() -> None:
    """The kernel is given 1 - momentum where that was declared; a wrong declaration is noticed."""

    class Translated(Chosen):
        """What `ask` does for a declared momentum of the old value."""

        def __call__(self, inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
            """One call with the kernel's own momentum."""
            from dataclasses import replace  # noqa: PLC0415 - used here alone

            call = replace(inputs, momentum=1 - inputs.momentum)
            return super().__call__(call, leave_out=leave_out)

    declared = Dialect(momentum="old")
    assert found(Translated(momentum="old"), declared)["momentum"].setting is None
    wrong = found(Translated(momentum="new"), declared)["momentum"]
    assert wrong.setting == "--dialect momentum=new"


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("ranks", [(2,), (4,), (3, 5)])
def test_a_kernel_that_takes_little_is_understood(dtype: Any, ranks: tuple[int, ...]) -> None:
    """One type and few ranks are enough, half precision included."""
    findings = found(Chosen(momentum="old", running_var="biased", dtype=dtype, ranks=ranks))
    assert findings["momentum"].found == "old"
    assert findings["running_var"].found == "biased"
    assert findings["eps"].found == "inside"


def test_an_inexact_kernel_is_understood() -> None:
    """An error of a thousandth does not hide a convention."""
    findings = found(Chosen(momentum="old", running_var="biased", eps="outside", noise=1e-3))
    assert [findings[n].found for n in ("momentum", "running_var", "eps")] == [
        "old",
        "biased",
        "outside",
    ]


@pytest.mark.parametrize("name", ["variance", "std"])
def test_a_wrong_name_is_told(name: str) -> None:
    """A variance that comes back as inv_std is recognised, and so is an unbiased var."""
    findings = found(Chosen(inv_std=name, returns=("y", "inv_std", "var")))
    assert findings["inv_std"].found == name
    assert findings["inv_std"].setting
    assert findings["var"].found == "variance, N - 1"


@pytest.mark.parametrize("eps", [1e-3, 2e-5, 1e-5, 1e-8, 0.0, 0.0123])
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_a_default_eps_is_found(eps: float, place: str) -> None:
    """The value that a kernel uses when it is not told one, common or not."""
    finding = found(Chosen(default_eps=eps, eps=place))["default eps"]
    assert float(finding.found) == pytest.approx(eps, rel=0.01)
    assert finding.usual == (eps == 1e-5)


@pytest.mark.parametrize("momentum", ["new", "old"])
def test_a_default_momentum_is_told_in_the_kernels_own_sense(momentum: str) -> None:
    """0.9 of the old value and 0.1 of the new one are different defaults of different kernels."""
    kernel = Chosen(momentum=momentum, default_momentum=0.9)
    assert float(found(kernel)["default momentum"].found) == pytest.approx(0.9)


def test_what_is_not_returned_is_unknown() -> None:
    """A forward-only kernel has no momentum, and nobody guesses one."""
    findings = found(Chosen(returns=("y",)))
    assert findings["momentum"].found == "unknown"
    assert "not returned" in findings["momentum"].sentence
    assert findings["eps"].found == "inside"


@pytest.mark.parametrize("error", [Unsupported, AdapterError])
def test_a_kernel_that_answers_nothing_is_unknown(error: type[Exception]) -> None:
    """Whatever happens in an experiment, there is a finding for every convention."""

    def kernel(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        del inputs, leave_out
        raise error("no")

    assert {f.found for f in examine(kernel, Dialect())} == {"unknown"}


def test_rubbish_is_no_convention() -> None:
    """A kernel that is wrong in other ways is not told that it follows one."""

    def kernel(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        del leave_out
        channel = np.arange(float(inputs.channel_shape[0]))
        names = ("running_mean", "running_var", "inv_std", "var")
        return {"y": inputs.x**3, **dict.fromkeys(names, channel + 20)}

    findings = found(kernel)
    assert {f.found for f in findings.values()} == {"unknown"}
    assert not [f for f in findings.values() if f.setting]


def test_two_directions_of_momentum_are_a_fault() -> None:
    """Where momentum weights the old mean and the new variance, no option makes it right."""
    one, other = Chosen(momentum="old"), Chosen(momentum="new")

    def kernel(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        first, second = (k(inputs, leave_out=leave_out) for k in (one, other))
        return {**first, "running_var": second["running_var"]}

    finding = found(kernel)["running_var"]
    assert finding.setting == "let momentum weight the same value in both"


def test_a_kernel_that_normalizes_samples_is_told() -> None:
    """Layer normalization is no layout."""
    finding = found(Chosen(axis="samples"))["layout"]
    assert finding.found == "samples"
    assert finding.setting == "normalize each channel over all else"
