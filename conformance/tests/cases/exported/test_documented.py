"""docs/export.md: its programs run as they stand, and judge as it says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.cases.exported.formats import named
from conformance.cases.exported.onnx_tests.expressing import refuses
from conformance.tests.cases.exported.samples import grouped, put, stored

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[4]))
PAGE = CHECKOUT / "docs" / "export.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is in the checkout")


def program(word: str) -> str:
    """The one program of the page that holds a word."""
    programs = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [str(text) for text in programs if word in text]
    return found


def run(text: str) -> dict[str, Any]:
    """Run a program in the current folder; returns what it named."""
    names: dict[str, Any] = {}
    exec(compile(text, str(PAGE), "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_judge_of_the_page_grades_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It reads raw cases; at most the limit is A, up to the loss beyond it B, more is wrong."""
    for group in grouped(stored()):
        put(tmp_path / "cases", named("raw").files(group))
    monkeypatch.chdir(tmp_path)
    page = run(program("case.json"))
    assert len(re.findall(r"^\S+ A", capsys.readouterr().out, re.MULTILINE)) >= 4
    met = set()
    for each in stored():
        case = page["read"](tmp_path / "cases" / each.case.id)
        for name, e in each.case.expected.items().items():
            np.testing.assert_array_equal(case[f"expected/{name}"], e)
            u = each.bounds[f"unit/{name}"].astype(np.float64)
            loss = np.asarray(each.bounds.get(f"loss/{name}", 0.0), np.float64)
            assert page["grade"](case, name, e) == "A"
            if e.size == 0 or not (np.isfinite(u) & np.isfinite(e) & (u > np.abs(e) / 2**40)).all():
                continue
            limit = case["limit"]
            assert page["grade"](case, name, e + 0.9 * limit * u) == "A"
            assert page["grade"](case, name, e - 1.1 * (limit + loss) * u) == "wrong"
            assert page["grade"](case, name, np.where(u >= u.min(), np.nan, e)) == "wrong"
            assert page["grade"](case, name, np.full(e.shape, np.inf)) == "wrong"
            if (loss > 1).any():
                met.add(page["grade"](case, name, e + (limit + 0.9 * loss) * u))
    assert met == {"B"}


def test_what_is_no_number_agrees_with_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NaN agrees with NaN, an infinity with that of its sign, and no number with either."""
    monkeypatch.chdir(tmp_path)
    grade = run(program("case.json"))["grade"]
    inf, nan = np.inf, np.nan
    for e, a, wanted in (
        *((nan, nan, "A"), (nan, 1.0, "wrong"), (nan, inf, "wrong"), (inf, inf, "A")),
        *((inf, -inf, "wrong"), (inf, nan, "wrong"), (inf, 1e308, "wrong"), (1.0, nan, "wrong")),
        (1.0, inf, "wrong"),
    ):
        for u in (1.0, 1e308, inf, nan):
            case = {"expected/y": np.array([e]), "unit/y": np.array([u]), "limit": 16.0}
            assert grade(case, "y", np.array([a])) == wanted
    case = {"expected/y": np.ones(1), "unit/y": np.array([inf]), "limit": 16.0}
    assert grade(case, "y", np.array([1.0])) == "A"
    assert grade(case, "y", np.array([2.0])) == "wrong"


def test_the_runner_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ONNX's own pieces run the exported tests, and name none that float32 and float64 pass."""
    pytest.importorskip("onnx")
    chosen = [
        each
        for each in stored()
        if refuses(each.case) is None
        and not each.edges
        and each.case.inputs.types in ("float32", "float64")
    ]
    for group in grouped(chosen):
        put(tmp_path / "cases", named("onnx").files(group))
    monkeypatch.chdir(tmp_path)
    text = program("load_model_tests")
    run(text)
    assert capsys.readouterr().out == ""
    run(text.replace("test.rtol, test.atol", "0, 0"))  # as if it wanted every bit
    assert "AssertionError" in capsys.readouterr().out
