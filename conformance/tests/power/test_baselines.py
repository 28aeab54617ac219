"""Tests of the emulated habits: what they must accept, what they must see, what escapes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.adapter import Path
from conformance.case import Actual, Dialect, Inputs, Kernel
from conformance.errors import Unsupported
from conformance.faults.sheet import Formula, kernel
from conformance.power import baselines
from conformance.power.baselines import BASELINES, HARD, Allclose, Baseline, Data, verdicts

OURS = Dialect()
BY_NAME = {baseline.name: baseline for baseline in (*BASELINES, *HARD)}
CORRECT = adapter.load("textbook").path("staged").run
GRADCHECK = BY_NAME["gradcheck"]


def capable(path: Path) -> Kernel:
    """The path as a kernel that says what it cannot take."""

    def run(inputs: Inputs) -> Actual:
        reason = adapter.why_not(path.capabilities, inputs)
        if reason is not None:
            raise Unsupported(reason)
        return path.run(inputs)

    return run


def altered(**changes: Callable[[Actual, Inputs], Any]) -> Kernel:
    """The correct kernel with some outputs computed otherwise from its answer."""

    def run(inputs: Inputs) -> Actual:
        actual = CORRECT(inputs)
        new = {n: change(actual, inputs) for n, change in changes.items() if n in actual}
        return {**actual, **new}

    return run


def without(*names: str) -> Kernel:
    """The correct kernel, leaving outputs out."""
    return lambda inputs: {n: a for n, a in CORRECT(inputs).items() if n not in names}


def beta_flipped(inputs: Inputs) -> Actual:
    """Compute y = gamma * xhat - beta, as one of the documents has it; all else is right."""
    assert inputs.beta is not None
    return {**CORRECT(inputs), "y": CORRECT(replace(inputs, beta=-inputs.beta))["y"]}


def dx_without_gamma(inputs: Inputs) -> Actual:
    """Compute dx as if gamma were 1; all else is right."""
    assert inputs.gamma is not None
    plain = CORRECT(replace(inputs, gamma=np.ones_like(inputs.gamma)))
    return {n: plain[n] if n == "dx" else a for n, a in CORRECT(inputs).items()}


def biased_running_variance(inputs: Inputs) -> Actual:
    """Update the running variance by the biased one; all else is right."""
    actual = CORRECT(inputs)
    if not inputs.training:
        return actual
    assert inputs.running_var is not None
    old, m = inputs.running_var, inputs.momentum
    return {**actual, "running_var": (1 - m) * old + m * actual["var"]}


ONE_PASS: dict[str, Formula] = {"var": lambda s: s.average(s.x**2) - s.mean**2}


@pytest.mark.parametrize("path", adapter.load("textbook").paths, ids=lambda path: path.name)
def test_published_derivations_are_accepted(path: Path) -> None:
    """Every textbook path passes both habits within its capabilities and in its dialect."""
    asked = [BY_NAME["allclose-1e-3"], GRADCHECK]
    assert verdicts(capable(path), path.dialect, asked) == {b.name: True for b in asked}


def test_names_are_unique_and_explained() -> None:
    """Every baseline has a name of its own and says in words what it checks."""
    assert len(BY_NAME) == len(BASELINES) + len(HARD)
    assert all(baseline.about for baseline in BY_NAME.values())


@pytest.mark.parametrize("faulty", [beta_flipped, dx_without_gamma])
def test_a_new_layer_hides_what_its_parameters_would_show(faulty: Kernel) -> None:
    """Gamma 1 and beta 0 hide at any tolerance what random ones and gradcheck see."""
    found = verdicts(faulty, OURS)
    accepting = {name for name, accepted in found.items() if accepted}
    assert accepting == {"allclose-1e-3", "allclose-1e-5", "allclose-1e-2-float16"}


def test_gradcheck_does_not_look_at_running_statistics() -> None:
    """A biased running variance passes gradcheck, and an accurate comparison sees it."""
    assert GRADCHECK.accepts(biased_running_variance, OURS)
    assert not BY_NAME["allclose-1e-5"].accepts(biased_running_variance, OURS)
    assert BY_NAME["allclose-1e-5"].accepts(biased_running_variance, Dialect(running_var="biased"))


def test_one_pass_variance_escapes_every_habit() -> None:
    """No habit sees the single-pass variance: N(0, 1) costs it nothing."""
    assert all(verdicts(kernel(ONE_PASS), OURS).values())


def test_a_tight_tolerance_raises_false_alarms() -> None:
    """Where the mean is 100, rtol = atol = 1e-5 rejects a correct float32 kernel."""
    assert not BY_NAME["allclose-1e-5-offset-100"].accepts(CORRECT, OURS)


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("differentials", Dialect(running_var="biased")),
        ("sigma_plus_eps", Dialect(eps="outside")),
    ],
)
def test_the_dialect_chooses_the_reference(path: str, dialect: Dialect) -> None:
    """A kernel passes in its own dialect and, where the two can be told apart, in no other."""
    wide = Data(dtype="float64", parameters="float64", affine=True, shapes=((16, 4),))
    check = Allclose(tolerance=1e-7, data=wide)
    own = adapter.load("textbook").path(path).run
    assert check(own, dialect)
    assert not check(own, OURS)
    assert check(CORRECT, OURS)
    assert not check(CORRECT, dialect)


def raising(_: Inputs) -> Actual:
    """Fail in the way of code that does not run."""
    raise RuntimeError("no such device")


def unsupporting(_: Inputs) -> Actual:
    """Refuse everything."""
    raise Unsupported("nothing is taken here")


NAN = altered(dx=lambda a, _: np.full_like(a["dx"], np.nan))
CUT = altered(dx=lambda a, _: a["dx"][:-1])


@pytest.mark.parametrize("baseline", BY_NAME.values(), ids=lambda b: b.name)
@pytest.mark.parametrize(
    "run", [raising, unsupporting, NAN, CUT, lambda _: {}, lambda _: None],
    ids=["raises", "unsupported", "nan", "cut short", "empty", "none"],
)  # fmt: skip
def test_what_no_habit_accepts(baseline: Baseline, run: Kernel) -> None:
    """Errors, NaN, arrays cut short and kernels of which nothing is compared are rejected."""
    assert not baseline.accepts(run, OURS)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda b: b.name)
@pytest.mark.parametrize("left_out", ["dgamma", "running_var"])
def test_what_is_left_out_is_not_compared(baseline: Baseline, left_out: str) -> None:
    """An output that the kernel does not return counts neither for nor against it."""
    assert baseline.accepts(without(left_out), OURS)


def test_gradcheck_needs_y_and_a_gradient() -> None:
    """Without y or without any gradient gradcheck compares nothing, so it does not accept."""
    assert not GRADCHECK.accepts(without("y"), OURS)
    assert not GRADCHECK.accepts(without("dx", "dgamma", "dbeta"), OURS)
    assert GRADCHECK.accepts(without("dx", "dgamma"), OURS)


def test_allclose_stays_naive() -> None:
    """Shapes are broadcast and types are ignored, as numpy.allclose does."""
    wide = altered(
        dbeta=lambda a, _: a["dbeta"][np.newaxis], y=lambda a, _: a["y"].astype(np.longdouble)
    )
    assert BY_NAME["allclose-1e-3-affine"].accepts(wide, OURS)


@pytest.mark.parametrize(
    ("dgamma", "accepted"),
    [
        (lambda a, _: a["dgamma"][np.newaxis], True),
        (lambda a, _: a["dgamma"][:, np.newaxis], False),
        (lambda a, _: a["dgamma"][:1], False),
    ],
    ids=["summed", "column", "cut short"],
)
def test_gradcheck_treats_shapes_as_autograd_does(dgamma: Any, *, accepted: bool) -> None:
    """A gradient that broadcasts from its input's shape is summed to it, any other is an error."""
    assert GRADCHECK.accepts(altered(dgamma=dgamma), OURS) is accepted


def test_gradcheck_sums_a_gradient_not_reduced() -> None:
    """A dbeta left in the shape of dy is reduced by autograd where that shape ends in C."""
    assert baselines._summed_to((3,), np.ones((4, 3))).tolist() == [4, 4, 4]
    assert baselines._summed_to((1, 3), np.ones((2, 5, 3))).tolist() == [[10, 10, 10]]
    with pytest.raises(ValueError, match="shape"):
        baselines._summed_to((2, 3), np.ones((3, 2)))


def test_gradcheck_wants_the_backward_pass_to_repeat() -> None:
    """Two backward passes that differ in the last bits are rejected: nondet_tol is 0."""
    calls = iter(range(10**6))
    unsteady = altered(dx=lambda a, _: a["dx"] * (1 + 1e-12 * next(calls)))
    steady = altered(dx=lambda a, _: a["dx"] * (1 + 1e-12))
    assert GRADCHECK.accepts(steady, OURS)
    assert not GRADCHECK.accepts(unsteady, OURS)


def test_gradcheck_wants_zeros_for_no_gradient() -> None:
    """A backward pass that adds what does not come from dy is rejected, however little it adds."""
    offset = altered(dbeta=lambda a, _: a["dbeta"] + 1e-30)
    assert not GRADCHECK.accepts(offset, OURS)


@pytest.mark.parametrize(("off", "accepted"), [(0.9e-3, True), (1.2e-3, False)])
def test_gradcheck_has_the_tolerance_of_its_defaults(off: float, *, accepted: bool) -> None:
    """A relative error of 1e-3 with 1e-5 added is what gradcheck lets pass."""
    scaled = altered(dgamma=lambda a, _: a["dgamma"] * (1 + off))
    assert GRADCHECK.accepts(scaled, OURS) is accepted


def test_inputs_are_not_spoilt_for_the_next_kernel() -> None:
    """A kernel that writes to its inputs is not noticed, and harms nobody after it."""

    def spoiling(inputs: Inputs) -> Actual:
        actual = CORRECT(inputs)
        inputs.x[:] = 7
        return actual

    for run in (spoiling, CORRECT):
        assert all(verdicts(run, OURS).values())


def test_inputs_are_the_same_in_every_process() -> None:
    """The draws are seeded: the same numbers each time, none of them shared between shapes."""
    data = Data(shapes=((4, 3), (2, 3, 2)))
    once = baselines._inputs(data)
    baselines._inputs.cache_clear()
    for first, second in zip(once, baselines._inputs(data), strict=True):
        np.testing.assert_array_equal(first.x, second.x)
    assert [i.training for i in once] == [True, False, True, False]
    assert len({i.x.tobytes() for i in once}) == 4


def test_verdicts_are_what_each_baseline_says() -> None:
    """Running shared checks once changes no verdict."""
    for run in (CORRECT, beta_flipped, dx_without_gamma):
        assert verdicts(run, OURS) == {b.name: b.accepts(run, OURS) for b in BASELINES}


def accepted_by_pytorch(torch: Any, run: Kernel, inputs: Inputs) -> bool:
    """What torch.autograd.gradcheck says of the kernel as a custom function."""

    def call(*tensors: Any) -> Actual:
        x, gamma, beta, *dy = (tensor.detach().numpy().copy() for tensor in tensors)
        return run(replace(inputs, x=x, gamma=gamma, beta=beta, dy=dy[0] if dy else None))

    class BatchNorm(torch.autograd.Function):  # type: ignore[misc] # torch is Any here
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.from_numpy(call(*tensors)["y"])

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            actual = call(*ctx.saved_tensors, dy)
            return tuple(torch.from_numpy(actual[n].copy()) for n in ("dx", "dgamma", "dbeta"))

    arrays: list[Any] = [inputs.x, inputs.gamma, inputs.beta]
    given = [torch.from_numpy(array.copy()) for array in arrays]
    try:
        torch.autograd.gradcheck(BatchNorm.apply, [tensor.requires_grad_() for tensor in given])
    except (RuntimeError, AssertionError):  # GradcheckError is a RuntimeError
        return False
    return True


@pytest.mark.parametrize(
    "run",
    [
        CORRECT,
        beta_flipped,
        dx_without_gamma,
        biased_running_variance,
        NAN,
        CUT,
        altered(dbeta=lambda a, _: a["dbeta"] + 1e-30),
        altered(dgamma=lambda a, _: a["dgamma"][np.newaxis]),
        altered(dgamma=lambda a, _: a["dgamma"][:, np.newaxis]),
        altered(dgamma=lambda a, _: a["dgamma"] * (1 + 0.9e-3)),
        altered(dgamma=lambda a, _: a["dgamma"] * (1 + 1.2e-3)),
    ],
)
def test_gradcheck_is_that_of_pytorch(run: Kernel) -> None:
    """PyTorch's own gradcheck gives the same verdict, where PyTorch is installed."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
    theirs = [
        accepted_by_pytorch(torch, run, i) for i in baselines._inputs(baselines.GRADCHECK_DATA)
    ]
    assert GRADCHECK.accepts(run, OURS) is all(theirs)
