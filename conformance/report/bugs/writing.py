"""The report of one failure, in Markdown, for the tracker of the framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

import numpy as np

from conformance.case import Array, Inputs
from conformance.faults.honest import PANEL
from conformance.harness.run import Column
from conformance.literals import printed
from conformance.oracle.edges import EDGES
from conformance.report.bugs.failure import Failure
from conformance.report.bugs.fairness import verdicts
from conformance.report.wording import figure, number, place
from conformance.verdict.known.ends import in_words
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.expectations import Known
from conformance.verdict.record import Status, Worst
from conformance.verdict.ruler import Ruler

_MODES = {"train": "training mode", "test": "test mode"}
_MOST = 64
"""How many values of an output are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """All that a report tells.

    Attributes:
        column: The path, with versions and device.
        first: The failure on the case of the catalogue.
        small: The same, made small.
        program: What makes the small call in the framework's own terms, and prints the output.
        known: What the adapter's expectations tell.
    """

    column: Column
    first: Failure
    small: Failure
    program: str
    known: Known


def markdown(bug: Bug) -> str:
    """The report."""
    parts = [
        f"# {_title(bug)}",
        f"{_subject(bug.small)}, computed by {bug.column.about}.",
        f"## To reproduce\n\n```python\n{bug.program}```",
        *_values(bug),
        "## Versions\n\n" + "\n".join(_versions(bug)),
        *_cause(bug),
        "## Where it comes from\n\n" + _origin(bug),
    ]
    return "\n\n".join(parts) + "\n"


def _subject(small: Failure) -> str:
    """What fails: an output, or the call where nothing came of it."""
    of = (
        f"`{small.output}` of batch normalization"
        if small.answer.outputs
        else "Batch normalization"
    )
    return f"{of} in {_kind(small.case.inputs)}"


def _title(bug: Bug) -> str:
    subject, small = called(bug.column.about), bug.small
    worst, kind = small.result.worst, _kind(small.case.inputs)
    if worst is None:
        what = _died(small)
        named = not small.answer.outputs or what.startswith(f"{small.output} ")
        return f"{subject}: {what if named else f'{small.output}: {what}'} ({kind})"
    where = place(small.output, worst)
    actual, expected = apart(worst.actual, worst.expected)
    return f"{subject}: {where} is {actual}, not {expected} ({kind})"


def called(about: str) -> str:
    """What a path calls, without what is told of how: up to the first comma outside brackets."""
    depth = 0
    for at, letter in enumerate(about):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            return about[:at]
    return about


def apart(actual: float, expected: float) -> tuple[str, str]:
    """Two numbers with as few digits as show that they differ, three at least."""
    for digits in range(3, 18):
        both = f"{actual:.{digits}g}", f"{expected:.{digits}g}"
        if both[0] != both[1]:
            break
    return both


def _kind(inputs: Inputs) -> str:
    return f"{inputs.types}, {_MODES[inputs.mode]}"


def _died(failure: Failure) -> str:
    reason = failure.answer.reason or failure.result.reason or str(failure.result.status)
    return reason.replace("the worker was", "the process is").strip().splitlines()[0]


def _values(bug: Bug) -> Iterator[str]:
    small = bug.small
    actual = small.answer.outputs.get(small.output)
    exact = Ruler(small.case, bug.column.dialect).due[small.output]
    if actual is None:
        yield f"What happens: {_died(small)}."
    else:
        form = (
            "" if small.result.worst is not None else f", {actual.dtype} of shape {actual.shape},"
        )
        yield f"It prints{form}\n\n```\n{_shown(actual)}\n```"
    if exact.size:
        yield f"The exact values, each rounded once to float64, are\n\n```\n{_shown(exact)}\n```"
    else:
        yield f"An array of shape {exact.shape} is due, without values."
    if small.result.worst is None:
        if actual is not None:
            yield f"What is wrong: {small.result.reason}."
        return
    yield _distance(small, small.result.worst)
    yield _soundness(small)


def _shown(values: Array) -> str:
    if values.size <= _MOST:
        return printed(values)
    return f"{printed(values.ravel()[:_MOST])}\n    ... the first {_MOST} of {values.size:,}"


def _distance(small: Failure, worst: Worst) -> str:
    text = f"`{place(small.output, worst)}` is {number(worst.actual)}, exactly it is "
    text += number(worst.expected)
    if np.isfinite(worst.actual) and np.isfinite(worst.expected):
        off = abs(worst.actual - worst.expected)
        text += f": off by {figure(off)}, where at most {figure(worst.bound)} is due to rounding"
    return text + "."


def _soundness(small: Failure) -> str:
    """Why the bound is one, and how correct algorithms do on these inputs."""
    limit = small.case.problem.limit
    text = (
        f"The bound is {limit:g} times what perturbing the inputs by about one unit in the last "
        "place may cost at this element (first-order error analysis, nothing tuned)"
    )
    panel = verdicts(small.case, small.output)
    wrong = [result for result in panel.values() if result.status is not Status.PASS]
    if panel and not wrong:
        most = max(result.units or 0.0 for result in panel.values())
        return text + (
            f"; the {len(PANEL)} correct algorithms that this suite knows (two-pass, Welford, "
            f"Chan, ...) use at most {figure(most)} of the {limit:g} on these inputs."
        )
    if not wrong:
        return text + "."
    return text + (
        f".\n\nThis is an edge, where implementations differ: {len(wrong)} of {len(panel)} "
        "algorithms that are correct for ordinary inputs miss it too. "
        + " ".join(f"What is held here: {EDGES[edge].contract}." for edge in small.edges)
    )


def _versions(bug: Bug) -> Iterator[str]:
    for package, version in bug.column.versions.items():
        if package != "conformance":
            yield f"- {package} {version}"
    yield f"- device: {bug.column.device}"


def _cause(bug: Bug) -> Iterator[str]:
    """What the adapter's expectations say of it, once per cause."""
    for entry in {entry.reason: entry for entry in _entries(bug)}.values():
        yield f"## Cause\n\n{_explained(entry, bug)}"


def _entries(bug: Bug) -> list[KnownFailure]:
    """What the adapter's expectations say of the failure."""
    where = (bug.column.path, bug.first.case.id, bug.first.output)
    return [e for e in bug.column.known if e.matches(*where) and not e.degraded]


def _explained(entry: KnownFailure, bug: Bug) -> str:
    text = f"What this suite knows of it: {entry.reason}."
    if found := in_words(entry):
        text += f" It is {'so ' * bool(entry.since)}{found}."
    if entry.link:
        text += f" See {entry.link}."
    cause = bug.known.causes.get(entry.cause)
    if cause is not None and cause.by_design:
        text += f" This is documented: {cause.by_design}."
    own = cause is not None and any(fnmatch(bug.column.path, glob) for glob in cause.paths)
    if cause is not None and own and cause.reproduction:
        ends = "is" if cause.prints.startswith("killed by") else "prints"
        text += f"\n\n```python\n{cause.reproduction}\n```\n\n"
        text += f"{ends}\n\n```\n{cause.prints}\n```"
    return text


def _origin(bug: Bug) -> str:
    """The case, the command that shows it, and what was made small."""
    case, small = bug.first.case, bug.small.case
    # A case has many ways to fail, so what it is there for is a hint where nothing better is known.
    hint = f", which is there to show: {case.problem.catches.rstrip('.')}"
    text = (
        f"Case `{case.id}` of the batch normalization conformance suite"
        f"{'' if _entries(bug) else hint}. It fails with\n\n"
        f"    conformance run {bug.column.selector} --case {case.id}\n\n"
    )
    if small is case:
        return text + "The inputs above are those of the case."
    new, old = small.inputs.x.shape, case.inputs.x.shape
    part = "those of the case made plainer" if new == old else "a part of it"
    shapes = "" if new == old else f", x of shape {new} instead of {old}"
    return text + (
        f"The inputs above are {part}{shapes}; expected values and bounds were computed for them "
        "anew."
    )
