"""The search itself: draw, ask, and shrink what fails, within a time.

Hypothesis has no limit of time.  Before anything failed the search leaves it by an exception of
its own; from the first failure on, what was not asked before counts as passing once the time for
shrinking is over, so that Hypothesis soon finds nothing smaller and ends by itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal, TypeAlias

import numpy as np
from hypothesis import Phase, Verbosity, find, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from conformance.case import Inputs
from conformance.errors import InputError

_SHRINKING = 0.4
_LEAST_SHRINKING = 5.0  # seconds
_ENDLESS = 10**9
_AGAIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one call.

    Attributes:
        failing: The outputs that fail; empty where nothing does.
        sentence: What failed, in words.
        unsupported: The kernel cannot take the call, which is no failure.
    """

    failing: tuple[str, ...] = ()
    sentence: str = ""
    unsupported: bool = False


Probe: TypeAlias = Callable[[Inputs], Verdict]
"""Runs the kernel on a call and judges what it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A call that fails.

    Attributes:
        inputs: The smallest such call that was found.
        verdict: What became of it.
    """

    inputs: Inputs
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search did.

    Attributes:
        examples: Calls that the kernel was asked, those of the shrinking included.
        unsupported: How many of them it could not take: if all, nothing was searched.
        seconds: How long it took.
        found: What fails; None if nothing did.
        stopped: What ended it: the time, the number of examples, or a failure.
    """

    examples: int
    unsupported: int
    seconds: float
    found: Found | None
    stopped: Literal["time", "examples", "found"]


class _Stop(BaseException):
    """Leaves Hypothesis, which takes every `Exception` for a failure of the test."""


def search(
    probe: Probe,
    strategy: SearchStrategy[Inputs],
    *,
    seconds: float,
    seed: int,
    max_examples: int | None = None,
    progress: Callable[[int, float], None] = lambda _examples, _seconds: None,
) -> Searched:
    """Look for a call that fails, and shrink the first one.

    The same seed and the same `max_examples` give the same calls in the same order, and the same
    failure, as long as neither time is over.

    Args:
        probe: Judges one call.
        strategy: What to draw from.
        seconds: How long to look for a failure.  Shrinking it may take 40% of that on top, and
            5 s in any case.
        seed: What the draws follow from.
        max_examples: How many calls to draw until one fails, of which equal ones are asked once;
            None for as many as there is time for.
        progress: Called after each call with how many were asked and the seconds gone by.

    Raises:
        InputError: there is nothing to do in that time or number.
        Exception: whatever the probe raises; it is not shrunk.
    """
    if not seconds > 0 or (max_examples is not None and max_examples < 1):
        raise InputError(
            f"seconds is {seconds!r} and max_examples is {max_examples!r}, numbers above 0 were "
            "wanted. Give the search some time."
        )
    hunt = _Hunt(probe, seconds, progress)
    found: Found | None = None
    stopped: Literal["time", "examples", "found"] = "examples"
    try:
        found = hunt.confirmed(_smallest(hunt.fails, strategy, seed, max_examples))
        stopped = "found"
    except NoSuchExample:
        pass
    except _Stop:
        if hunt.accident is not None:
            raise hunt.accident from None
        stopped = "time"
    return Searched(
        examples=hunt.examples,
        unsupported=hunt.unsupported,
        seconds=hunt.elapsed,
        found=found,
        stopped=stopped,
    )


def _smallest(
    fails: Callable[[Inputs], bool],
    strategy: SearchStrategy[Inputs],
    seed: int,
    max_examples: int | None,
) -> Inputs:
    # `find` suppresses every health check; here that is right: drawing is fast enough, nothing
    # is filtered, and how slow the kernel may be is the caller's affair.
    found: Inputs = find(
        strategy,
        fails,
        random=Random(seed),  # noqa: S311 - to be repeatable, not secret
        settings=settings(
            max_examples=max_examples or _ENDLESS,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
            verbosity=Verbosity.quiet,
        ),
    )
    return found


class _Hunt:
    """What Hypothesis asks: it answers from memory where it can, so that answers never change."""

    def __init__(
        self, probe: Probe, seconds: float, progress: Callable[[int, float], None]
    ) -> None:
        """Start the clock."""
        self._probe, self._progress = probe, progress
        self._started = time.perf_counter()
        self._until, self._shrinking = seconds, max(_SHRINKING * seconds, _LEAST_SHRINKING)
        self._known: dict[bytes, Verdict | None] = {}
        self._failed = False
        self.examples = self.unsupported = 0
        self.accident: Exception | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started

    def fails(self, inputs: Inputs) -> bool:
        """Whether a call fails; a failure stays one."""
        key = identity(inputs)
        if key in self._known:
            return self._known[key] is not None
        if self.elapsed > self._until:
            if not self._failed:
                raise _Stop
            return False
        verdict = self._asked(inputs)
        self._known[key] = verdict if verdict.failing else None
        if verdict.failing and not self._failed:
            self._failed, self._until = True, self.elapsed + self._shrinking
        return bool(verdict.failing)

    def confirmed(self, inputs: Inputs) -> Found:
        """The failure with its verdict, which says so if it does not come again."""
        verdict = self._known[identity(inputs)]
        assert verdict is not None  # noqa: S101 - Hypothesis returns what failed
        if not any(self._asked(inputs).failing for _ in range(_AGAIN)):
            said = f"it failed once and not again in {_AGAIN} equal calls: {verdict.sentence}"
            verdict = replace(verdict, sentence=said)
        return Found(inputs=inputs, verdict=verdict)

    def _asked(self, inputs: Inputs) -> Verdict:
        try:
            verdict = self._probe(inputs)
        except Exception as error:  # noqa: BLE001 - raised again outside of Hypothesis
            self.accident = error
            raise _Stop from None
        self.examples += 1
        self.unsupported += verdict.unsupported
        self._progress(self.examples, self.elapsed)
        return verdict


def identity(inputs: Inputs) -> bytes:
    """Digest of everything in a call: types, shapes, bytes and numbers."""
    found = hashlib.blake2b(digest_size=16)
    for field in fields(inputs):
        value = getattr(inputs, field.name)
        items = value if field.name == "earlier" else (value,)
        found.update(f"{field.name} {len(items)} ".encode())
        for item in items:
            found.update(_written(item))
    return found.digest()


def _written(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} ".encode() + value.tobytes()
    return repr(value).encode()
