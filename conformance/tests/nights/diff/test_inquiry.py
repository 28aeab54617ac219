"""What an inquiry runs, and what it takes for the same result: every threshold of attribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from conformance.errors import HistoryError
from conformance.nights.diff.attribution import Origin, Outcomes, Pair, Reran, attribute
from conformance.nights.diff.changes import Change, ChangeKind, Difference, Outcome
from conformance.nights.history.entry import ColumnRun

GOOD, BAD = Outcome(status="pass", grade="A", units=2.0), Outcome(status="fail", grade="F")
NEW, OLD = ("b" * 16, "2.13"), ("a" * 16, "2.12")
"""The commit of the suite and the version of torch, in the new run and in the old one."""


def column(commit: str, version: str) -> ColumnRun:
    """The entry of torch/functional in one run."""
    return ColumnRun(
        column="torch/functional", adapter="torch", path="functional", version=version,
        versions={"torch": version, "conformance": "1", "numpy": "2"},
        environment={"commit": commit},
    )  # fmt: skip


def difference(
    changes: Sequence[Change], old: tuple[str, str] = OLD, new: tuple[str, str] = NEW
) -> Difference:
    """A difference between two runs of torch/functional."""
    entries = ({"torch/functional": column(*pair)} for pair in (old, new))
    before, after = entries
    return Difference(
        old="1", new="2", old_entries=before, new_entries=after, changes=tuple(changes), compared=1
    )


def change(
    name: str = "offset/0", old: Outcome = GOOD, new: Outcome = BAD, output: str = "y"
) -> Change:
    """One output that got worse."""
    return Change(
        kind=ChangeKind.NEW_FAILURE, column="torch/functional", case=name, output=output,
        old=old, new=new,
    )  # fmt: skip


class Bench:
    """Runs pairs, and keeps which and on what."""

    def __init__(self, seen: Callable[[tuple[str, str], str, int], Reran]) -> None:
        """Take what a case gives with a pair, in the first run, the second and so on."""
        self._seen = seen
        self.runs: list[tuple[tuple[str, str], tuple[str, ...]]] = []

    def __call__(self, pair: Pair, adapter: str, path: str, names: Sequence[str]) -> Outcomes:
        """One run."""
        assert (adapter, path) == ("torch", "functional")
        assert list(pair.packages) == ["torch"]  # what stands before the suite's own
        key = (pair.commit, pair.packages["torch"])
        self.runs.append((key, tuple(names)))
        return {(n, "y"): self._seen(key, n, len(self.runs)) for n in names}


def steady(outcome: Callable[[tuple[str, str], str], Outcome]) -> Bench:
    """Runs whose bits are always the same."""
    return Bench(lambda pair, name, _: Reran(outcome=outcome(pair, name), bits="same"))


def failing_new(pair: tuple[str, str], _name: str) -> Outcome:
    """The new pair fails, every other is right."""
    return BAD if pair == NEW else GOOD


def cause(found: Difference, bench: Bench) -> Origin:
    """Whom an inquiry names."""
    (told,) = attribute(found, bench, {})
    return told.cause


def test_the_new_pair_runs_five_times_and_every_other_once() -> None:
    """Five runs show what differs once in two all but once in sixteen times; four pairs are run."""
    bench = steady(failing_new)
    (told,) = attribute(difference([change()]), bench, {})
    pairs = [pair for pair, _ in bench.runs]
    assert pairs == [NEW] * 5 + [OLD, (OLD[0], NEW[1]), (NEW[0], OLD[1])]
    assert told.cause is Origin.BOTH
    assert told.evidence == (
        "suite bbbbbbbbbbbb with torch 2.13 shows it, suite aaaaaaaaaaaa with torch 2.12 does not, "
        "and neither half alone shows it"
    )


def test_what_differs_in_the_last_run_alone_is_a_flake() -> None:
    """Every one of the five is looked at, and the output that was not steady is named."""
    bench = Bench(
        lambda _, name, run: Reran(
            outcome=BAD, bits="other" if (name, run) == ("offset/1", 5) else "same"
        )
    )
    (told,) = attribute(difference([change("offset/0"), change("offset/1")]), bench, {})
    assert told.cause is Origin.FLAKE
    assert told.evidence == (
        "offset/1 y had other bits in 5 runs of the same suite bbbbbbbbbbbb with torch 2.13"
    )


def test_of_several_that_are_not_steady_the_first_is_named() -> None:
    """A reader is told one, the one that comes first."""
    bench = Bench(lambda _, name, run: Reran(outcome=BAD, bits=f"{name} {run}"))
    (told,) = attribute(difference([change("offset/0"), change("offset/1")]), bench, {})
    assert told.evidence.startswith("offset/0 y had other bits in 5 runs")


def test_an_output_that_does_not_come_back_is_not_steady() -> None:
    """Bits in one run and none in another differ; none in all of them do not."""
    gone = Bench(lambda _, __, run: Reran(outcome=BAD, bits=None if run == 3 else "same"))
    assert cause(difference([change()]), gone) is Origin.FLAKE
    never = Bench(lambda pair, _, __: Reran(outcome=failing_new(pair, ""), bits=None))
    assert cause(difference([change()]), never) is Origin.BOTH


def test_twelve_cases_are_run_again_those_that_grew_most() -> None:
    """A failure without a figure comes before every growth, and growth before less of it."""
    grown = [
        change(f"offset/{n}", GOOD, Outcome(status="pass", grade="A", units=2.0 * n))
        for n in range(2, 14)
    ]
    bench = steady(failing_new)
    (told,) = attribute(difference([*grown, change("offset/failed")]), bench, {})
    assert told.cases == ("offset/failed", *(f"offset/{n}" for n in range(13, 2, -1)))
    assert {names for _, names in bench.runs} == {told.cases}


@pytest.mark.parametrize(("bad", "shown"), [(1, False), (2, True), (3, True)])
def test_most_of_what_changed_must_show(bad: int, *, shown: bool) -> None:
    """Of three outputs two show it, one does not."""

    def outcome(pair: tuple[str, str], name: str) -> Outcome:
        return BAD if pair == NEW and int(name[-1]) < bad else GOOD

    found = difference([change(f"offset/{n}") for n in range(3)])
    assert cause(found, steady(outcome)) is (Origin.BOTH if shown else Origin.ENVIRONMENT)


def test_half_of_what_changed_is_not_most() -> None:
    """One of two outputs does not show it."""

    def outcome(pair: tuple[str, str], name: str) -> Outcome:
        return BAD if pair == NEW and name == "offset/0" else GOOD

    found = difference([change("offset/0"), change("offset/1")])
    assert cause(found, steady(outcome)) is Origin.ENVIRONMENT


def units(of: float | None) -> Outcome:
    """A pass with this error."""
    return Outcome(status="pass", grade="A", units=of)


def other_status(status: str) -> Outcome:
    """An output that was not compared."""
    return Outcome(status=status)


@pytest.mark.parametrize(
    ("old", "new", "now", "shown"),
    [
        # the same grade: the error lies nearer to the new one, by factors: 4 is between 2 and 8
        (units(2.0), units(8.0), units(4.0), False),
        (units(2.0), units(8.0), units(4.001), True),
        (units(2.0), units(8.0), units(None), False),
        (units(2.0), units(8.0), units(0.0), False),
        (units(0.0), units(8.0), units(8.0), False),  # from nothing nothing grows
        (units(2.0), units(0.0), units(2.0), False),
        # another grade: it is that of the new run
        (GOOD, BAD, BAD, True),
        (GOOD, BAD, units(1000.0), False),
        (GOOD, BAD, other_status("crash"), False),
        # no grade: the status is it
        (GOOD, other_status("crash"), other_status("crash"), True),
        (GOOD, other_status("crash"), other_status("timeout"), False),
        (other_status("not-run"), other_status("crash"), other_status("crash"), True),
        (other_status("not-run"), BAD, BAD, True),
    ],
)
def test_what_counts_as_the_new_result(
    old: Outcome, new: Outcome, now: Outcome, *, shown: bool
) -> None:
    """A re-run shows the change where it looks as the new run did rather than as the old one."""
    bench = steady(lambda pair, _: now if pair == NEW else old)
    found = cause(difference([change(old=old, new=new)]), bench)
    assert (found is not Origin.ENVIRONMENT) is shown


@pytest.mark.parametrize(
    ("error", "evidence"),
    [
        (HistoryError("no such commit"), "no such commit"),
        (OSError("disk full"), "the system said: disk full"),
    ],
)
def test_a_column_that_cannot_run_again_is_unknown(error: Exception, evidence: str) -> None:
    """What hinders a re-run is told of its column, and takes no other's answer."""

    def hindered(_pair: Pair, _adapter: str, _path: str, _names: Sequence[str]) -> Outcomes:
        raise error

    (told,) = attribute(difference([change()]), hindered, {})
    assert (told.cause, told.evidence) == (Origin.UNKNOWN, evidence)


def test_an_output_that_a_run_does_not_give_does_not_show_it() -> None:
    """What did not come back at all is not the new result."""

    def nothing(_pair: Pair, _adapter: str, _path: str, _names: Sequence[str]) -> Outcomes:
        return {}

    (told,) = attribute(difference([change()]), nothing, {})
    assert told.cause is Origin.ENVIRONMENT
    assert "does not show it" in told.evidence


SAME_SUITE, SAME_FRAMEWORK = (NEW[0], OLD[1]), (OLD[0], NEW[1])


@pytest.mark.parametrize(
    ("old", "bad", "named", "runs"),
    [
        (OLD, [NEW, SAME_FRAMEWORK], Origin.FRAMEWORK, 8),
        (OLD, [NEW, SAME_SUITE], Origin.SUITE, 8),
        (OLD, [NEW, SAME_SUITE, SAME_FRAMEWORK], Origin.BOTH, 8),
        (OLD, [NEW, OLD], Origin.ENVIRONMENT, 6),
        (OLD, [], Origin.ENVIRONMENT, 5),
        (SAME_SUITE, [NEW], Origin.FRAMEWORK, 6),
        (SAME_FRAMEWORK, [NEW], Origin.SUITE, 6),
    ],
)
def test_no_more_is_run_than_is_needed(
    old: tuple[str, str], bad: list[tuple[str, str]], named: Origin, runs: int
) -> None:
    """Mixed pairs are run only where suite and framework both differ."""
    bench = steady(lambda pair, _: BAD if pair in bad else GOOD)
    assert cause(difference([change()], old=old), bench) is named
    assert len(bench.runs) == runs


def test_one_pair_that_shows_it_in_one_run_and_not_in_the_next_is_a_flake() -> None:
    """Neither suite nor framework changed, it shows five times and not the sixth."""
    bench = Bench(lambda _, __, run: Reran(outcome=BAD if run < 6 else GOOD, bits="same"))
    assert cause(difference([change()], old=NEW), bench) is Origin.FLAKE


@pytest.mark.parametrize(
    ("kind", "output", "asked"),
    [
        (ChangeKind.DRIFT, "y", True),
        (ChangeKind.VANISHED, "", False),
        (ChangeKind.FIXED, "y", False),
        (ChangeKind.MACHINE, "y", False),
    ],
)
def test_only_outputs_that_got_worse_are_asked_about(
    kind: ChangeKind, output: str, *, asked: bool
) -> None:
    """A case that is gone has no result to run again, and what is better needs no culprit."""
    one = Change(
        kind=kind, column="torch/functional", case="offset/0", output=output, old=GOOD, new=BAD
    )
    bench = steady(failing_new)
    assert len(attribute(difference([one]), bench, {})) == int(asked)
    assert bool(bench.runs) is asked


@pytest.mark.parametrize(
    ("commit", "packages", "text"),
    [
        ("0123456789abcdef", {"torch": "2.13"}, "suite 0123456789ab with torch 2.13"),
        ("", {"jax": "1", "jaxlib": "2"}, "suite as installed with jax 1, jaxlib 2"),
    ],
)
def test_a_pair_is_told_in_short(commit: str, packages: Mapping[str, str], text: str) -> None:
    """Twelve digits of the commit, and each package of the framework."""
    assert str(Pair(commit=commit, packages=packages)) == text
