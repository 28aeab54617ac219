"""The run record: what one path did on every case, as frozen data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from conformance.verdict.conventions import Convention
from conformance.verdict.diagnosed import Diagnosis

SCHEMA = "conformance/run-record/1"


class Status(StrEnum):
    """What became of one output of one case; all of these are distinct facts."""

    PASS = "pass"  # noqa: S105 - not a password
    DEGRADED = "degraded"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    CRASH = "crash"
    TIMEOUT = "timeout"
    NOT_RUN = "not-run"
    EXPECTED_FAIL = "expected-fail"
    UNEXPECTED_PASS = "unexpected-pass"  # noqa: S105 - not a password
    FLAKY = "flaky"


SEVERITY = (
    Status.CRASH,
    Status.TIMEOUT,
    Status.ERROR,
    Status.FAIL,
    Status.UNEXPECTED_PASS,
    Status.FLAKY,
    Status.EXPECTED_FAIL,
    Status.DEGRADED,
    Status.PASS,
    Status.UNSUPPORTED,
    Status.NOT_RUN,
)
"""Statuses, the one that a summary must show first."""

RED = frozenset({Status.CRASH, Status.TIMEOUT, Status.ERROR, Status.FAIL, Status.UNEXPECTED_PASS})
"""Statuses that make a run fail."""

COMPARED = frozenset(
    {
        Status.PASS,
        Status.DEGRADED,
        Status.FAIL,
        Status.EXPECTED_FAIL,
        Status.UNEXPECTED_PASS,
    }
)
"""Statuses of outputs that were held against an expected value (unless they crashed).

What is flaky is not among them, whichever way it came out: it is neither red nor green.
"""


HELD = COMPARED | RED
"""Statuses of outputs that were held against an expected value, or failed before they could be."""


COUNTED_APART = frozenset({Status.EXPECTED_FAIL, Status.FLAKY})
"""Statuses of what is known to fail, always or at times: it makes nothing red, and no grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The element furthest out, in units of its own bound.

    Attributes:
        index: Its index in the output.
        actual: What the path returned there.
        expected: The exact value rounded to float64.
        bound: The largest ``|actual - expected|`` that grade A allows there.
    """

    index: tuple[int, ...]
    actual: float
    expected: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputResult:
    """The verdict on one output of one case.

    Attributes:
        status: What became of it.
        grade: ``"A"``, ``"B"``, ``"C"`` or ``"F"``; None where nothing was compared.
        units: Largest error in error units; None where nothing was compared, and infinite or
            NaN never: those are None with a reason.
        worst: Where the largest error is; None where nothing was compared.
        reason: Why it is not a plain pass, in words.
        edges: The edges (`conformance.oracle.edges`) at which alone it fails; empty where it does
            not fail, or is wrong for ordinary data as well.
        known: The causes for which it is known to fail, or reasons where they have no name; empty
            where it is not.
        way: How what is known to fail fails (`conformance.verdict.known.sizes`); None where it is
            not, or does not.
        bits: The first 16 hexadecimal digits of a SHA-256 of what was returned, type and shape
            included: equal where two runs gave the same bits.  None where nothing came back.
    """

    status: Status
    grade: str | None = None
    units: float | None = None
    worst: Worst | None = None
    reason: str | None = None
    bits: str | None = None
    edges: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    way: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What one path did on one case: an `OutputResult` for every output that is due.

    The edges are those that the case poses, whatever came of them.
    """

    case: str
    group: str
    mode: str  # "train" or "test"
    layout: str  # "NC", "NCHW", "NHWC", ..., "per-activation"
    dtype: str  # "float32", or "float16+float32" with parameters of another type
    outputs: Mapping[str, OutputResult]
    repro: str
    seconds: float = 0.0
    stderr: str | None = None
    edges: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """The status of the output that a summary must show first."""
        return first(result.status for result in self.outputs.values())


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What one path did on every selected case.

    Attributes:
        adapter: Name of the adapter.
        path: Name of the path.
        about: What the path calls, in one line.
        versions: Distribution names to versions; the framework's own comes first.
        device: Where it ran, such as ``"cpu"``, ``"simulator"``, ``"cuda: NVIDIA H200"``.
        dialect: The path's conventions, as in `conformance.case.Dialect`.
        catalogue: ``{"digest": ..., "cases": ..., "published": ...}`` of the golden files that were
            used; published says whether they are those that the package came with.
        started: When the run began, ISO 8601 with offset.
        seconds: How long it took.
        cases: One result per case, in the order of the catalogue.
        diagnosis: What is wrong, in words; empty where nothing failed that was not expected to.
        partial: Why the run is not whole, such as ``"stopped by SIGTERM after 12 of 443 cases"``;
            None where it is.  The cases that it did not come to are not-run.
        environment: The machine and the packages, as `harness.environment.here` tells them.
        conventions: What experiments found that the path does, by name
            (`conformance.verdict.conventions`); empty where none were made.
    """

    adapter: str
    path: str
    about: str
    versions: Mapping[str, str]
    device: str
    dialect: Mapping[str, str]
    catalogue: Mapping[str, Any]
    started: str
    seconds: float
    cases: tuple[CaseResult, ...]
    diagnosis: tuple[Diagnosis, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    partial: str | None = None
    conventions: Mapping[str, Convention] = field(default_factory=dict)
    schema: str = field(default=SCHEMA)

    @cached_property
    def counts(self) -> Counter[Status]:
        """How many outputs have each status."""
        return Counter(r.status for c in self.cases for r in c.outputs.values())

    @property
    def red(self) -> bool:
        """Whether anything failed that was not expected to."""
        return any(self.counts[status] for status in RED)

    @property
    def compared(self) -> int:
        """How many outputs were held against an expected value."""
        return sum(self.counts[status] for status in COMPARED)


def version(record: RunRecord) -> str:
    """The version of the record's framework: the first of its versions."""
    return next(iter(record.versions.values()), "unknown version")


def first(statuses: Iterable[Status]) -> Status:
    """The status that a summary of `statuses` must show; not-run if there are none."""
    return min(statuses, key=SEVERITY.index, default=Status.NOT_RUN)


def came_out(result: OutputResult) -> bool:
    """Whether a flaky output came out right this time."""
    return result.status is Status.FLAKY and result.grade in ("A", "B", "C")


def is_wrong(result: OutputResult) -> bool:
    """Whether one output is red for more than an edge: it is wrong for ordinary data."""
    return result.status in RED and not result.edges


def was_compared(result: OutputResult) -> bool:
    """Whether one output was held against an expected value."""
    # A crash or an exception that was expected is expected-fail too, and has no grade.
    expected_away = result.status is Status.EXPECTED_FAIL and result.grade is None
    return result.status in COMPARED and not expected_away


def fails_anew(result: OutputResult) -> bool:
    """Whether an output is wrong in a call that no list of known failures speaks of.

    What is known to fail may well pass with other values, or in another state.
    """
    return is_wrong(result) and result.status is not Status.UNEXPECTED_PASS


def now() -> str:
    """The time, as records write it."""
    return written(datetime.now(UTC))


def written(moment: datetime) -> str:
    """A moment, as records write it."""
    return moment.isoformat(timespec="seconds")
