"""Tests of cases asked again and of changed calls: what is carried wrongly is found and named."""

from __future__ import annotations

import json

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

import conformance
from conformance.cases import golden
from conformance.checking import check as checking
from conformance.checking.named import named
from conformance.checking.options import Options
from conformance.checking.report import Report
from conformance.checking.state.found import AGAIN, CHANGED, QUEUE
from conformance.checking.statement import make
from conformance.tests.checking.state import carrying
from conformance.tests.checking.test_check import SCHEMA


def checked(name: str) -> Report:
    """The report on a kernel of `carrying`, of a few cases in the order of the catalogue."""
    kernel = f"{carrying.__file__}:kernel_{name}"
    return conformance.check(kernel, case=carrying.CASES, fresh=False)


@pytest.mark.parametrize(
    ("name", "kinds", "words"),
    [
        ("eps_cached", {CHANGED}, "with another eps and momentum, which is right alone"),
        ("momentum_cached", {CHANGED}, "with another eps and momentum, which is right alone"),
        ("first_statistics", {CHANGED}, "which is right alone; "),
        ("folded_once", {CHANGED}, "parameters and running statistics, which is right alone"),
        ("answers_by_x", {CHANGED}, "before it is enough: y: fail"),
        (
            "accumulates",
            {QUEUE, CHANGED, AGAIN},
            "where it is right; an equal call before it is enough",
        ),
        ("third_call", {QUEUE}, "where it is right; count/images-28-nhwc before it is enough"),
        ("after_the_cases", {CHANGED, AGAIN}, "depends on the calls before: wrong"),
    ],
)
def test_what_is_carried_wrongly_is_found(name: str, kinds: set[str], words: str) -> None:
    """A kernel that carries something wrongly does not conform, and hears after which calls."""
    report = checked(name)
    assert (report.conforms, report.grade) == (False, "F")
    wrong = [each for each in report.state.found if each.wrong]
    assert {each.kind for each in wrong} & kinds
    assert any(words in each.sentence for each in wrong)
    assert {each.alone for each in wrong} <= {"right"}
    jsonschema.validate(json.loads(report.to_json()), SCHEMA)


@pytest.mark.parametrize("name", carrying.HONEST)
def test_who_carries_rightly_conforms(name: str) -> None:
    """Plans with whole keys, workspaces, warm-up and tuning between right algorithms conform."""
    report = checked(name)
    assert report.conforms
    assert report.state.again == len(carrying.CASES)
    assert report.state.changed > report.state.again
    assert not any(each.wrong for each in report.state.found)


def test_other_bits_that_are_right_are_told() -> None:
    """An answer with other bits is told as such, by a note that calls nothing wrong."""
    notes = checked("honest_tuning").notes
    assert notes
    assert all(
        "not deterministic" in note or "depends on" in note or "other bits" in note
        for note in notes
    )


def test_a_statement_says_why_nothing_counts() -> None:
    """The statement of a kernel that is wrong after some calls has the reason, in fixed words."""
    said = make(checked("eps_cached"))
    assert said["conforms"] is False
    (why,) = said["spoilt"]
    assert why.startswith(
        "a call is answered wrongly that follows one of its shape with another eps"
    )


def asked_in_order(seed: str) -> list[str]:
    """The stored cases in the order in which a check with a seed asks them."""
    order: list[str] = []
    options = Options(tier="smoke", cases=carrying.CASES, fresh_seed=seed)
    with named(f"{carrying.__file__}:kernel_honest_plan") as known:
        report = checking.run(known, options, progress=lambda *told: order.append(told[2].case))
    assert report.state.seed == seed
    return [name for name in order if "~" not in name]


def test_the_order_is_that_of_the_seed() -> None:
    """Two checks with one seed ask in one order, which is not that of the catalogue."""
    first = asked_in_order("5" * 32)
    assert first == asked_in_order("5" * 32)
    assert first != [name for name in golden.manifest().entries if name in first]
