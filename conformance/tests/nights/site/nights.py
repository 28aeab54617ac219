"""A history in which everything happens that a site has to show, and its site."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from conformance.cases import golden
from conformance.nights.history import History
from conformance.nights.site.build import build
from conformance.tests.nights.history.nights import FIRST, night
from conformance.tests.report.records import EVERY, NASTY, case, failed, passed, silent
from conformance.verdict.conventions import Convention
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status

NOW = FIRST + timedelta(days=3, hours=2)
"""Two hours after the last night began."""

GOOD = {"y": passed(3.0), "dx": passed(2.0), "running_var": passed(0.5)}
BROKEN = {**GOOD, "dx": failed(reason="1.5 at [0], expected 2.5")}
CONVENTIONS = {
    "default_eps": Convention(found="1e-05", seen="as its public call or layer says"),
    "momentum": Convention(found="old", seen="the running mean moves by it"),
    "running_var": Convention(found="none", seen="no running statistics come back"),
    "saved": Convention(found="mean, var", seen="the variance"),
    "eps": Convention(found=None, seen="crash: <b>path</b>"),
    "one_value": Convention(found='refused: <script>alert("1")</script>', seen="unsupported"),
}
"""What torch was found to do, against what it declares of momentum."""

_CASES = ("offset/rows-float32-1000", "spatial/test-nchw-float16", "dense/train-float64")


def results(outputs: dict[str, OutputResult]) -> list[CaseResult]:
    """The same outputs on three cases of the catalogue, as the catalogue has them."""
    entries = golden.manifest().entries
    return [
        case(outputs, name, mode=e.mode, layout=e.layout, dtype=e.dtype)
        for name, e in ((name, entries[name]) for name in _CASES)
    ]


def records(number: int) -> list[RunRecord]:
    """The night of that number: drift in night 1, a failure in night 2, jax gone in night 3."""
    torch = BROKEN if number >= 2 else {**GOOD, "y": passed(9.0)} if number == 1 else GOOD
    wild = {"y": EVERY[Status.DEGRADED], "dx": failed(None, reason=NASTY), "dbeta": passed()}
    expected = replace(failed(), status=Status.EXPECTED_FAIL, reason="expected: a known bug")
    known = {**GOOD, "dx": expected, "y": silent(Status.UNSUPPORTED)}
    made = night(number, ["torch/functional"], results=results(torch), version=f"2.1{number}.0")
    made = [replace(each, conventions=CONVENTIONS) for each in made]
    made += night(number, ["wild/<b>path"], results=results(wild))
    made += night(number, ["tensorflow/nn"], results=results(known), device="cuda: NVIDIA H200")
    return made if number == 3 else [*made, *night(number, ["jax/jnp"], results=results(GOOD))]


def history(folder: Path) -> History:
    """Four nights."""
    made = History(folder)
    for number in range(4):
        missing = {"jax/jnp": "its environment ended with 1: no such version"}
        made.add(records(number), missing if number == 3 else {})
    return made


def power(file: Path, cases: Sequence[str] = _CASES) -> Path:
    """A power.json of two faults."""
    kills = {"float64": 1, "float32": 0, "half": 0}
    fault = {
        "title": "wrong", "category": "gradient", "core": True, "accepted": "", "sources": [],
        "types": ["float64"], "kills": kills, "wide": kills, "largest": "inf",
    }  # fmt: skip
    told = {
        "schema": "conformance/power/1",
        "catalogue": {"digest": "0" * 64, "cases": len(cases)},
        "judge": {"digest": "0" * 64, "files": ["conformance/verdict/ruler.py"]},
        "cases": cases,
        "faults": {
            "dx-divides-by-batch": {**fault, "letters": {"dx": "FAA", "y": "AAA"}},
            "eps-hardcoded": {**fault, "letters": {"y": "FF."}},
        },
        "mutants": {
            "generated": 0, "different": 0, "killed": {"any": 0, **kills}, "operators": {},
            "survivors": {},
        },
        "honest": {"members": 0, "types": [], "comparisons": 0, "grades": {}, "alarms": []},
        **{name: {} for name in ("unseen", "justified", "baselines", "laws")},
        "smoke": {},
        "missed": [],
    }  # fmt: skip
    file.write_text(json.dumps(told))
    return file


def site(folder: Path, now: datetime = NOW) -> Path:
    """The site of that history."""
    build(
        history(folder / "history"), folder / "site", now, hours=26.0,
        power=power(folder / "power.json"), address="https://example.org/bn",
    )  # fmt: skip
    return folder / "site"
