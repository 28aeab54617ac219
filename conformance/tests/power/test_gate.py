"""The gate: every promise, kept and broken; and the measurement in the checkout keeps them all."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # not annotated upstream
import pytest

from conformance.cases import golden
from conformance.cases.tiers import SMOKE
from conformance.faults import FAULTS
from conformance.power.gate import broken

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[3]))
STORED = CHECKOUT / "docs" / "power.json"
pytestmark = pytest.mark.skipif(not STORED.is_file(), reason="docs/power.json is in the checkout")


def stored() -> dict[str, Any]:
    """The measurement in the checkout."""
    found: dict[str, Any] = json.loads(STORED.read_text())
    return found


def test_the_stored_measurement_keeps_every_promise() -> None:
    """Docs/power.json is of this catalogue and dictionary, fits its schema, and breaks nothing."""
    power = stored()
    schema = json.loads((resources.files("conformance") / "schemas/power.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(power)
    assert power["catalogue"]["digest"] == golden.manifest().digest
    assert list(power["faults"]) == list(FAULTS)
    assert {case for chosen in power["smoke"].values() for case in chosen} == {*SMOKE}
    assert broken(power) == []


def _survivor(power: dict[str, Any]) -> None:
    power["faults"]["beta-sign-flip"]["kills"]["float32"] = 0


def _narrow(power: dict[str, Any]) -> None:
    power["faults"]["beta-sign-flip"]["wide"]["float64"] = 2


def _mutants(power: dict[str, Any]) -> None:
    power["mutants"]["killed"]["float32"] = int(0.97 * power["mutants"]["different"])


def _unexplained(power: dict[str, Any]) -> None:
    power["mutants"]["survivors"]["m"] = {"before": "a", "after": "b", "why": ""}


def _alarm(power: dict[str, Any]) -> None:
    power["honest"]["alarms"].append("welford on a case")


def _idle(power: dict[str, Any]) -> None:
    power["justified"]["a/case"] = {"kills": 3, "rarest": 21, "cites": 0}


def _large(power: dict[str, Any]) -> None:
    power["smoke"]["2 axes float32 train NC"] = power["cases"][: len(power["cases"]) // 2 + 1]


def _blind(power: dict[str, Any]) -> None:
    power["missed"] = ["beta-sign-flip"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_survivor, "fault beta-sign-flip survives all float32 cases"),
        (_narrow, "core fault beta-sign-flip is killed by 2 float64 cases"),
        (_mutants, "mutants are killed in float32"),
        (_unexplained, "mutant m survives and is another function: b"),
        (_alarm, "false alarm: welford on a case"),
        (_idle, "case a/case cites nothing"),
        (_large, "the smoke tier needs "),
        (_blind, "does not reject beta-sign-flip"),
    ],
)
def test_each_broken_promise_is_named(spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    """Whatever promise is broken alone, one sentence says which, and by what."""
    power = copy.deepcopy(stored())
    spoil(power)
    (sentence,) = broken(power)
    assert said in sentence
