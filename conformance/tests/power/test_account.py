"""From kernels to the document: letters, margins, page and picture."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest

from conformance.batches import through_earlier
from conformance.case import Dialect
from conformance.faults import FAULTS
from conformance.memory import laid_out
from conformance.power import document, matrix, picture
from conformance.power.matrix import KILLED, NOTHING
from conformance.power.suspects import Suspect
from conformance.tests.power.test_gate import pytestmark as needs_checkout
from conformance.tests.power.test_gate import stored
from conformance.verdict.ruler import Ruler


@pytest.mark.parametrize("fault", ["beta-sign-flip", "bessel-uses-batch-only", "half-accumulation"])
def test_letters_are_the_judges(fault: str) -> None:
    """A letter is the grade that judging by hand gives, a margin its error over the bound."""
    found = matrix.examine(Suspect("fault", fault))
    for place in range(0, len(matrix.cases()), 17):
        case = matrix.cases()[place]
        if not FAULTS[fault].exists_for(case.inputs):
            assert {row[place] for row in found.letters.values()} == {NOTHING}
            continue
        outputs = through_earlier(FAULTS[fault].kernel, laid_out(case.inputs))
        results = Ruler(case, Dialect()).judge(outputs)
        assert {n: row[place] for n, row in found.letters.items() if row[place] != NOTHING} == {
            n: r.grade for n, r in results.items() if r.grade
        }
        wrong = [r.units for r in results.values() if r.grade == "F"]
        worst = max((math.inf if u is None else u for u in wrong), default=0.0)
        assert found.margins[place] == worst / case.problem.limit


def test_killers_count_by_type_and_margin() -> None:
    """Kills are those of a type; a wide margin asks for more."""
    found = matrix.examine(Suspect("fault", "eps-outside-sqrt"))
    parts = [found.killers(kind) for kind in matrix.TYPES]
    assert found.killers() == frozenset().union(*parts)
    assert found.killers("float32", margin=10) < found.killers("float32")


def test_an_overwritten_input_is_no_answer() -> None:
    """A kernel that writes to its input is rejected as a whole, and the cases stay as they were."""
    before = [case.inputs.x.tobytes() for case in matrix.cases()]
    found = matrix.examine(Suspect("fault", "input-mutated"))
    assert {letter for row in found.letters.values() for letter in row} & KILLED == {"E"}
    assert [case.inputs.x.tobytes() for case in matrix.cases()] == before


@needs_checkout
def test_the_page_tells_everything() -> None:
    """The page has a row for every fault, every survivor with its reason, and the smoke tier."""
    power = stored()
    page = document.markdown(power, "power.svg")
    for name, fault in power["faults"].items():
        assert (f"{name}: {fault['accepted']}" if fault["accepted"] else f"{name}") in page
    for name, survivor in power["mutants"]["survivors"].items():
        assert f"| {name} |" in page
        assert survivor["why"] in page
    assert all(f"`{case}`" in page for chosen in power["smoke"].values() for case in chosen)
    assert "All promises hold." in page


@needs_checkout
def test_the_picture_is_the_same_each_time() -> None:
    """The picture is well-formed, names every fault and group, and does not change by itself."""
    power = stored()
    one, two = picture.draw(power), picture.draw(power)
    assert one == two
    text = "".join(ET.fromstring(one).itertext())  # noqa: S314 - our own file
    assert all(name in text for name, f in power["faults"].items() if not f["accepted"])
    assert all(case.split("/")[0] in text for case in power["cases"])
