"""What a matrix keeps of its records."""

from __future__ import annotations

from dataclasses import replace

from conformance.report.lean import Pool
from conformance.tests.report.records import case, failed, passed, record, silent
from conformance.verdict.record import Status

TOLD = {"y": passed(), "dx": silent(Status.UNSUPPORTED, "no dy"), "var": failed()}


def test_what_an_output_without_a_value_says_is_kept_once() -> None:
    """Two records that leave out the same for the same reason hold one object between them."""
    pool = Pool()
    one, other = (pool.lean(record([case(TOLD)], path=p)).cases[0] for p in ("a/b", "a/c"))
    assert one.outputs["dx"] is other.outputs["dx"]
    assert one.outputs["dx"] == TOLD["dx"]
    assert one.outputs["var"] is not other.outputs["var"]
    assert one.case is other.case


def test_what_no_report_shows_is_not_kept() -> None:
    """Of a pass its grade and error are kept, of a failure all but its bits."""
    bits = {name: replace(result, bits="0" * 16) for name, result in TOLD.items()}
    kept = Pool().lean(record([case(bits)])).cases[0].outputs
    assert kept["var"] == TOLD["var"]
    assert kept["y"].worst is None
    assert (kept["y"].grade, kept["y"].units) == (TOLD["y"].grade, TOLD["y"].units)
