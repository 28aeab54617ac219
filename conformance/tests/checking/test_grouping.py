"""Failures by what they have in common: each kind once, the plainest case first."""

from __future__ import annotations

from pathlib import Path

import pytest

import conformance
from conformance.cases import golden
from conformance.checking import grouping, terminal
from conformance.checking.smoke import calls
from conformance.tests.checking.kernels import RIGHT, WRONG
from conformance.verdict.record import CaseResult, OutputResult, Status, Worst

FAIL = OutputResult(
    status=Status.FAIL,
    grade="F",
    units=1e6,
    worst=Worst(index=(0,), actual=1.0, expected=0.0, bound=1e-6),
)
PASS = OutputResult(status=Status.PASS, grade="A", units=1.0)


def result(case: str, **outputs: OutputResult) -> CaseResult:
    """What came of a case of the catalogue."""
    call = calls()[case]
    return CaseResult(
        case=case,
        group=case.partition("/")[0],
        mode=call.mode,
        layout=call.layout,
        dtype=call.types,
        outputs=outputs,
        repro=f"conformance check k.py --case {case}",
    )


@pytest.mark.parametrize(
    ("words", "is_wrong"),
    [
        ("test mode", lambda call: not call.training),
        ("x in half precision", lambda call: call.types.startswith(("float16", "bfloat16"))),
        ("3 or more axes", lambda call: len(call.shape) > 2),
        ("arrays that are not contiguous", lambda call: call.memory != "contiguous"),
        ("memory strided", lambda call: call.memory == "strided"),
        ("no gamma", lambda call: "gamma" not in call.given),
        ("axis 0", lambda call: call.axis[0] == 0),
        ("a negative axis", lambda call: call.from_end),
        ("momentum above 1", lambda call: call.momentum > 1),
        ("gamma strided in memory", lambda call: "gamma=strided" in call.memory),
        ("layout per-activation", lambda call: call.several),
        ("65 or more channels", lambda call: call.facts()["C"] >= 65),
        (
            "training mode and 3 or more axes",
            lambda call: call.training and len(call.shape) > 2,
        ),
    ],
)
def test_what_failures_have_in_common_is_found(words: str, is_wrong: object) -> None:
    """A kernel that is wrong exactly where calls have a property is told that property."""
    assert callable(is_wrong)
    results = [
        result(name, y=FAIL if is_wrong(calls()[name]) else PASS, dbeta=PASS)
        for name in golden.select()
    ]
    (finding,) = grouping.findings(results, calls())
    assert finding.common == f"all with {words}, and no other"
    assert finding.outputs == ("y",)
    assert len(finding.cases) == sum(map(is_wrong, calls().values()))


def test_outputs_that_fail_together_are_one_finding() -> None:
    """Two outputs that are wrong on the same cases are told once, a third one by itself."""
    names = golden.select("spatial/*")
    results = [result(name, y=FAIL, dx=FAIL, dbeta=PASS) for name in names]
    results[0] = result(names[0], y=FAIL, dx=FAIL, dbeta=FAIL)
    one, other = grouping.findings(results, calls())
    assert (one.outputs, len(one.cases)) == (("y", "dx"), len(names))
    assert (other.outputs, len(other.cases)) == (("dbeta",), 1)
    assert one.sentence.startswith(f"y, dx: wrong on {len(names)} of {len(names)} cases")


def test_identical_errors_are_told_once() -> None:
    """Errors whose words differ in figures alone are one; another error is another."""
    names = golden.select("dense/*")
    errors = [OutputResult(status=Status.ERROR, reason=f"no shape ({i}, 8)") for i in range(99)]
    results = [result(name, y=errors[i], dx=errors[i]) for i, name in enumerate(names)]
    other = OutputResult(status=Status.ERROR, reason="no such thing")
    results[3] = result(names[3], y=other, dx=other)
    one, two = grouping.findings(results, calls())
    assert (len(one.cases), len(two.cases)) == (len(names) - 1, 1)
    assert one.outputs == ("y", "dx")


def test_the_plainest_case_is_shown_first() -> None:
    """Small, contiguous, float32 or float64, more than two values per channel: not by its name."""
    results = [result(name, y=FAIL) for name in golden.select()]
    (finding,) = grouping.findings(results, calls())
    call = calls()[finding.example.case]
    assert call.memory == "contiguous"
    assert call.types in ("float32", "float64")
    assert float(call.facts()["M"]) > 2
    assert finding.common == "all that were compared"


def test_a_report_tells_kinds_and_not_each_failure(tmp_path: Path) -> None:
    """Text and page name what is common, show one case, and count the others."""
    from conformance.checking.page import page  # noqa: PLC0415 - only here

    (tmp_path / "k.py").write_text(WRONG)
    report = conformance.check(str(tmp_path / "k.py"), case=["spatial/*", "dense/*"], fresh=False)
    said = terminal.text(report, width=200)
    (line,) = [line for line in said.splitlines() if line.startswith("dx: wrong on 6 of ")]
    assert "all with training mode and 3 or more axes, and no other" in line
    assert said.count("conformance check") == 1
    assert "... and 5 more failing cases" in said
    shown = page(report)
    assert shown.startswith("<!doctype html>")
    assert "elements are off by more than 16 units" in shown
    assert len(report.pictures) == 1
    assert report.pictures[0].errors.max() > 16


def test_what_was_never_returned_has_no_grade(tmp_path: Path) -> None:
    """An output that no call gave back is not F where some calls raise; its case is an error."""
    raises = RIGHT.replace(
        "    rest, M", "    if len(x) == 5: raise ValueError(x.shape)\n    rest, M"
    )
    (tmp_path / "k.py").write_text(raises)
    report = conformance.check(str(tmp_path / "k.py"), case="dense/train-*", fresh=False)
    grades = {row.output: row.grade for row in terminal.rows(report.cases)}
    if any(case.status is Status.ERROR for case in report.cases):
        assert report.grade == grades["y"] == "F"
    assert grades["mean"] is None
