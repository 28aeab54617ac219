"""Tests of `verdict.known.updating`: entries grow instead of standing twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from conformance.verdict.known.entry import Why
from conformance.verdict.known.expectations import parse
from conformance.verdict.known.findings import find
from conformance.verdict.known.outputs import Reported, Triple
from conformance.verdict.known.updating import update
from conformance.verdict.known.writing import rendered

DUE = {"offset/a": ("y", "dx"), "offset/b": ("y", "dx"), "dense/a": ("y", "dx")}
Y, DX = ("fast", "offset/a", "y"), ("fast", "offset/a", "dx")

ENTRY = """
[[expect]]
reason = "one pass"
paths = ["fast"]
cases = ["offset/a"]
outputs = ["y"]
"""


def written(
    text: str,
    version: str,
    failed: Iterable[Triple],
    why: Why | None = None,
    passed: Iterable[Triple] = (),
) -> str:
    """The entries of a file after an update with one run."""
    known = parse(text, Path("expectations.toml"))
    ran = Reported(
        version=version, paths=("fast",), failed=frozenset(failed), passed=frozenset(passed)
    )
    findings = find(known, ran, DUE)
    new = findings.new if why else ()
    return "\n".join(
        rendered(group, kind)
        for kind, group in update(known, findings, DUE, version, new=new, why=why)
    )


def test_a_failure_that_is_known_of_another_version_widens_its_entry() -> None:
    """What fails for the same reason in the next version is one range, not a second entry."""
    text = written(ENTRY + 'versions = "==2.21.0"', "2.22.0", [Y], Why(reason="one pass"))
    assert text.count("[[expect]]") == 1
    assert 'versions = ">=2.21.0"' in text


def test_only_what_fails_again_is_widened() -> None:
    """Outputs of the old entry that pass in the new version keep the old range."""
    both = ENTRY.replace('["y"]', '["y", "dx"]') + 'versions = "==2.21.0"'
    text = written(both, "2.22.0", [Y], Why(reason="one pass"), passed=[DX])
    assert text.count("[[expect]]") == 2
    first, second = text.split("[[expect]]")[1:]
    assert '"dx"' in first
    assert 'versions = "==2.21.0"' in first
    assert '"y"' in second
    assert 'versions = ">=2.21.0"' in second


def test_another_reason_is_another_entry() -> None:
    """A failure with a reason of its own is no widening of what failed before."""
    text = written(ENTRY + 'versions = "==2.21.0"', "2.22.0", [Y], Why(reason="half sums"))
    assert text.count("[[expect]]") == 2
    assert 'versions = ">=2.22.0"' in text


def test_what_passed_once_and_fails_again_is_a_new_entry() -> None:
    """A range has no gap: what was gone in between is told by two entries."""
    gone = ENTRY + 'versions = ">=2.20"\ngone = "2.21.0"'
    text = written(gone, "2.22.0", [Y], Why(reason="one pass"))
    assert text.count("[[expect]]") == 2


def test_a_known_failure_of_all_machines_is_not_one_of_some() -> None:
    """An entry for machines with a trait does not widen to a failure that has none."""
    some = ENTRY + 'versions = "==2.21.0"\nwhere = "fast-sums"'
    text = written(some, "2.22.0", [Y], Why(reason="one pass"))
    assert text.count("[[expect]]") == 2


def test_what_comes_and_goes_is_not_marked_as_gone() -> None:
    """A flaky output that passed once may fail again: its entry stays, with its rate."""
    text = written(ENTRY + 'seen = "3 of 4"', "2.22.0", [], passed=[Y])
    assert "gone" not in text
    assert 'seen = "3 of 4"' in text
