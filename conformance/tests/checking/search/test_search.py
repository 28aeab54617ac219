"""The search: what it finds, how small, when it ends, and that it comes again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Inputs
from conformance.checking.search import Verdict, inputs, search
from conformance.checking.search.search import identity
from conformance.errors import AdapterError, InputError
from conformance.faults import FAULTS
from conformance.tests.checking.search.probing import FINE, SECONDS, probe_of
from conformance.tests.sampling import every

BAD = Verdict(failing=("y",), sentence="y is off")
FAULTY = (
    "beta-sign-flip",
    "unbiased-var-in-normalise",
    "momentum-swapped",
    "dx-missing-mean-term",
    "dx-divides-by-batch",
    "dgamma-missing-invstd",
    "single-pass-variance",
    "half-square-overflow",
    "input-strides-ignored",
    "per-sample-stats",
    "empty-batch-nan",
)
CALL = Inputs(x=np.array([[1.0], [2.0]]), running_mean=np.array([0.0]), running_var=np.array([1.0]))


def wide(call: Inputs) -> bool:
    """A property that shrinks to two elements, the second of them 3 or more."""
    return bool(call.x.size > 1 and (call.x.astype(np.float64) >= 3).any())


def recording(asked: list[bytes], verdict: Callable[[Inputs], Verdict]) -> Callable[..., Verdict]:
    """A probe that notes what it is asked."""

    def probe(call: Inputs) -> Verdict:
        asked.append(identity(call))
        return verdict(call)

    return probe


@pytest.mark.parametrize("fault", every(3, FAULTY))
def test_a_faulty_kernel_is_found_and_shrunk(fault: str) -> None:
    """A known fault must be found in 10 s, and shrink to a call of at most 8 elements."""
    faulty = FAULTS[fault]
    result = search(probe_of(faulty.kernel, faulty.dialect), inputs(), seconds=10.0, seed=1)
    assert result.stopped == "found"
    assert result.found is not None
    assert result.found.inputs.x.size <= 8
    assert set(result.found.verdict.failing) <= set(faulty.touches)
    assert "expected" in result.found.verdict.sentence


@pytest.mark.parametrize("seed", [2, 5, 6])
def test_values_shrink_to_small_integers(seed: int) -> None:
    """What fails whatever else is given must shrink to few small integers, no other argument."""
    result = search(lambda call: BAD if wide(call) else FINE, inputs(), seconds=SECONDS, seed=seed)
    assert result.found is not None
    call = result.found.inputs
    assert call.x.size <= 4
    assert sorted(call.x.ravel().tolist())[-2:] == [0.0, 3.0]
    assert call.x.dtype == np.float32
    assert [call.dy, call.gamma, call.beta, call.running_mean, call.earlier] == [None] * 4 + [()]
    assert (call.eps, call.momentum, call.training, call.memory) == (1e-5, 0.1, True, "contiguous")


@pytest.mark.parametrize("verdict", [lambda _: FINE, lambda c: BAD if wide(c) else FINE])
def test_the_same_seed_asks_the_same(verdict: Callable[[Inputs], Verdict]) -> None:
    """One seed and number must give the same calls in the same order and find the same."""
    asked: list[list[bytes]] = [[], [], []]
    results = [
        search(recording(calls, verdict), inputs(), seconds=SECONDS, seed=seed, max_examples=60)
        for calls, seed in zip(asked, (5, 5, 6), strict=True)
    ]
    assert asked[0] == asked[1] != asked[2]
    found = [r.found and identity(r.found.inputs) for r in results]
    assert found[0] == found[1]
    assert [r.examples for r in results] == [len(calls) for calls in asked]


def test_it_ends_with_the_time() -> None:
    """Where nothing fails the search must end with its time, whatever the number of calls."""
    told: list[tuple[int, float]] = []
    start = time.perf_counter()
    result = search(
        lambda _: FINE, inputs(), seconds=0.5, seed=0, progress=lambda n, s: told.append((n, s))
    )
    assert (result.stopped, result.found) == ("time", None)
    assert 0.5 <= result.seconds <= time.perf_counter() - start < 5
    assert [n for n, _ in told] == list(range(1, result.examples + 1))
    assert told == sorted(told)


def test_it_ends_with_the_number() -> None:
    """Where nothing fails the search must end with its number of calls and say so."""
    result = search(lambda _: FINE, inputs(), seconds=SECONDS, seed=0, max_examples=30)
    assert (result.stopped, result.found) == ("examples", None)
    assert 0 < result.examples <= 30


def test_shrinking_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shrinking a slow kernel must end in its share of the time, with a call that did fail."""
    module = sys.modules["conformance.checking.search.search"]
    monkeypatch.setattr(module, "_SHRINKING", 0.01)
    monkeypatch.setattr(module, "_LEAST_SHRINKING", 0.2)
    failed: list[bytes] = []

    def slow(call: Inputs) -> Verdict:
        time.sleep(0.1 if failed else 0.0)
        if not wide(call):
            return FINE
        failed.append(identity(call))
        return BAD

    result = search(slow, inputs(), seconds=20.0, seed=4)
    assert result.found is not None
    assert identity(result.found.inputs) in failed
    assert len(failed) <= 2 + 1 + 2  # 0.2 s of them, the first, and two that confirm
    assert result.seconds < 10


def test_what_fails_once_is_said_to() -> None:
    """A failure that does not come again must be reported as such, and not get lost."""
    failures = iter([BAD])
    result = search(
        lambda call: next(failures, FINE) if wide(call) else FINE,
        inputs(),
        seconds=SECONDS,
        seed=0,
    )
    assert result.found is not None
    assert result.found.verdict.failing == ("y",)
    assert "failed once and not again" in result.found.verdict.sentence
    assert "y is off" in result.found.verdict.sentence


def test_nothing_is_asked_twice() -> None:
    """A call must be asked once, apart from the two that confirm what was found."""
    asked: list[bytes] = []
    probe = recording(asked, lambda call: BAD if wide(call) else FINE)
    result = search(probe, inputs(), seconds=SECONDS, seed=3)
    assert result.found is not None
    assert identity(result.found.inputs) in asked[:-1]
    assert len(set(asked)) >= len(asked) - 2


def test_an_accident_comes_through_at_once() -> None:
    """What the probe raises must reach the caller as it is, and without a second call."""
    asked: list[bytes] = []

    def broken(call: Inputs) -> Verdict:
        asked.append(identity(call))
        raise AdapterError("the kernel is gone")

    with pytest.raises(AdapterError, match="the kernel is gone"):
        search(broken, inputs(), seconds=SECONDS, seed=0)
    assert len(asked) == 1


def test_unsupported_calls_are_counted() -> None:
    """What the kernel cannot take must be no failure, and must not look like a search."""
    result = search(
        lambda _: Verdict(unsupported=True), inputs(), seconds=SECONDS, seed=0, max_examples=20
    )
    assert result.found is None
    assert result.unsupported == result.examples > 0


@pytest.mark.parametrize(
    ("seconds", "number"), [(0.0, None), (-1.0, None), (float("nan"), None), (1.0, 0)]
)
def test_nothing_to_do_is_refused(seconds: float, number: int | None) -> None:
    """No time and no calls must be refused: a search of nothing finds nothing."""
    with pytest.raises(InputError, match="above 0"):
        search(lambda _: FINE, inputs(), seconds=seconds, seed=0, max_examples=number)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """A search must print nothing, whether it finds something or not."""
    search(lambda _: BAD, inputs(), seconds=SECONDS, seed=0)
    search(lambda _: FINE, inputs(), seconds=SECONDS, seed=0, max_examples=5)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "other",
    [
        replace(CALL, x=CALL.x.reshape(1, 2)),
        replace(CALL, x=CALL.x.view(np.int64)),
        replace(CALL, x=CALL.x.view(np.int64).view(np.float64) * -1),
        replace(CALL, x=CALL.x.astype(np.float32)),
        replace(CALL, running_mean=None, running_var=None),
        replace(CALL, eps=1e-3),
        replace(CALL, memory="strided"),
        replace(CALL, earlier=(CALL.x,)),
        replace(CALL, dy=CALL.x),
    ],
)
def test_identity_tells_calls_apart(other: Inputs) -> None:
    """Calls that differ anywhere must differ in identity, and equal ones must not."""
    assert identity(other) != identity(CALL)
    assert identity(replace(CALL, x=np.asfortranarray(CALL.x.copy()))) == identity(CALL)
