"""Failures by what they have in common: each kind once, with the case that tells most.

Outputs that fail on the same cases are one finding; so are errors whose messages differ in figures
alone.  What its cases share, and others do not, is looked for among simple properties of calls.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from conformance import memory
from conformance.checking.scope import Call
from conformance.report.wording import plural
from conformance.verdict.record import HELD, RED, CaseResult, OutputResult, Status, is_wrong

_MOST = 0.75
"""Part of the cases with a property that must fail for the property to be told."""

_FEW = 2
"""Values per channel at which batch normalization is a case of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Failures that are one.

    Attributes:
        outputs: Which outputs fail.
        status: How: `Status.FAIL`, or an error of one kind.
        cases: Where, those that tell most first.
        of: How many cases were compared in these outputs, or failed before.
        common: What they have in common, in words; empty where nothing simple tells them apart.
    """

    outputs: tuple[str, ...]
    status: Status
    cases: tuple[CaseResult, ...]
    of: int
    common: str

    @property
    def example(self) -> CaseResult:
        """The case that tells most."""
        return self.cases[0]

    @property
    def sentence(self) -> str:
        """The finding in a line."""
        what = {
            Status.FAIL: "wrong",
            Status.UNEXPECTED_PASS: "right where it was expected to fail",
            Status.PASS: "below the grade that was wanted",
            Status.DEGRADED: "below the grade that was wanted",
        }.get(self.status, f"{self.status.value}, the same")
        named = ", ".join(self.outputs)
        head = f"{named}: {what} on {len(self.cases)} of {plural(self.of, 'case')}"
        return f"{head}: {self.common}" if self.common else head


def findings(
    cases: Sequence[CaseResult],
    calls: Mapping[str, Call],
    fails: Callable[[OutputResult], bool] = is_wrong,
) -> list[Finding]:
    """What is wrong on some cases, what concerns most of them first.

    Args:
        cases: All results, those that pass included: they tell what does not matter.
        calls: Each case without its values, as far as it is known.
        fails: Whether an output is not what was asked for.
    """
    together: dict[tuple[Status, str, tuple[str, ...]], list[str]] = defaultdict(list)
    places: dict[tuple[Status, str, str], list[CaseResult]] = defaultdict(list)
    for case in cases:
        for output, result in case.outputs.items():
            if fails(result):
                places[result.status, _kind(result), output].append(case)
    for (status, kind, output), failing in places.items():
        together[status, kind, tuple(case.case for case in failing)].append(output)
    found = [
        _finding(cases, calls, status, outputs, {*names})
        for (status, _, names), outputs in together.items()
    ]
    return sorted(found, key=lambda f: (f.status is not Status.FAIL, -len(f.cases)))


def telling(case: CaseResult, calls: Mapping[str, Call]) -> tuple[bool, bool, int, float]:
    """How little a failing case tells, for sorting: plain and small cases tell most."""
    call = calls.get(case.case)
    units = [r.units or 0.0 for r in case.outputs.values() if r.status in RED]
    half = case.dtype.partition("+")[0] not in ("float64", "float32")
    if call is None:
        return False, half, 0, -max(units, default=0.0)
    plain = call.memory == "contiguous" and not call.several and _number(call, "M") > _FEW
    return not plain, half, math.prod(call.shape), -max(units, default=0.0)


def _kind(result: OutputResult) -> str:
    """What makes errors one: their words without figures; nothing for values that are wrong."""
    return "" if result.worst is not None else re.sub(r"\d+", "#", result.reason or "")


def _finding(
    cases: Sequence[CaseResult],
    calls: Mapping[str, Call],
    status: Status,
    outputs: Sequence[str],
    names: set[str],
) -> Finding:
    held = [c for c in cases if any(_held(c.outputs.get(output)) for output in outputs)]
    failing = sorted((c for c in held if c.case in names), key=lambda c: telling(c, calls))
    rest = [c for c in held if c.case not in names]
    return Finding(
        outputs=tuple(outputs),
        status=status,
        cases=tuple(failing),
        of=len(held),
        common=_common([calls.get(c.case) for c in failing], [calls.get(c.case) for c in rest]),
    )


def _held(result: OutputResult | None) -> bool:
    return result is not None and result.status in HELD


def _common(failing: Sequence[Call | None], rest: Sequence[Call | None]) -> str:
    """The property that all failing calls have and as few others as possible."""
    bad, good = [c for c in failing if c], [c for c in rest if c]
    if not bad or len(bad) < len(failing):
        return ""
    if not good:
        return "" if rest else "all that were compared"
    found = [*_words_of(bad, good), *_ranges(bad, good)]
    joined = [
        (f"{one} and {other}", some & more)
        for (one, some), (other, more) in combinations(found, 2)
        if len(some & more) < min(len(some), len(more))
    ]
    # The fewest others, then the plainest: one property before two, in the order of the tables.
    word, others = min([*found, *joined], key=lambda each: len(each[1]), default=("", set()))
    if not word or len(bad) < _MOST * (len(bad) + len(others)):
        return ""
    return f"all with {word}" + (
        f", and {len(others)} with it are right" if others else ", and no other"
    )


def _words_of(bad: Sequence[Call], good: Sequence[Call]) -> Iterator[tuple[str, set[int]]]:
    """Words that all failing calls have, and which others have them."""
    told = [_words(call) for call in good]
    for word in _shared(bad):
        yield word, {i for i, of_call in enumerate(told) if word in of_call}


def _shared(bad: Sequence[Call]) -> Iterable[str]:
    words = list(map(_words, bad))
    return [word for word in words[0] if all(word in of_call for of_call in words)]


def _words(call: Call) -> dict[str, None]:
    """Properties of a call, the plainest first."""
    x_type, _, other = call.types.partition("+")
    return dict.fromkeys(
        [
            f"{'training' if call.training else 'test'} mode",
            f"x in {x_type}",
            *([f"x in {x_type} and parameters in {other}"] if other else []),
            *(["x in half precision"] if x_type in ("float16", "bfloat16") else []),
            f"layout {call.layout}",
            f"{len(call.shape)} axes",
            *(["channels last"] if call.layout.endswith("C") and call.layout != "NC" else []),
            *(["arrays that are not contiguous"] if call.memory != "contiguous" else []),
            *_lying(call.memory),
            *(f"no {name}" for name in ("gamma", "beta", "dy") if name not in call.given),
            *(["running statistics"] if "running_mean" in call.given else []),
            *(["no running statistics"] if "running_mean" not in call.given else []),
            *(["several channel axes"] if call.several else []),
            *_numbers_beyond(call),
        ]
    )


def _numbers_beyond(call: Call) -> Iterator[str]:
    """Where the axis, eps and momentum are at an end of what they may be, or beyond the usual."""
    told = {
        "axis 0": call.axis[0] == 0,
        "a negative axis": call.from_end,
        "eps = 0": call.eps == 0,
        "eps above 1": call.eps > 1,
        "momentum = 1": call.momentum == 1,
        "momentum above 1": call.momentum > 1,
        "momentum below 0": call.momentum < 0,
    }
    return (words for words, holds in told.items() if holds)


def _lying(lies: str) -> Iterator[str]:
    """How arrays lie, each by itself where they do not lie alike."""
    if lies in memory.KINDS[1:]:
        yield f"memory {lies}"
    for name, kind in memory.of_arrays(lies).items():
        if kind != "contiguous" and lies not in memory.ALIKE:
            yield f"{name} {kind} in memory"


_NAMES = {
    "rank": "axes",
    "N": "samples (N)",
    "C": "channels",
    "M": "values per channel (M)",
    "size": "values of x",
}


def _number(call: Call, name: str) -> float:
    return float(call.facts()[name])


def _ranges(bad: Sequence[Call], good: Sequence[Call]) -> Iterator[tuple[str, set[int]]]:
    """Ranges of numbers that hold all failing calls, and which others they hold."""
    for name, told in _NAMES.items():
        mine, others = [_number(c, name) for c in bad], [_number(c, name) for c in good]
        least, most = min(mine), max(mine)
        if min(others) < least:
            yield f"{least:g} or more {told}", {i for i, n in enumerate(others) if n >= least}
        if max(others) > most:
            yield f"{most:g} or fewer {told}", {i for i, n in enumerate(others) if n <= most}
