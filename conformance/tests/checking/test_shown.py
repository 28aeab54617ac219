"""Tests of what people see of a report: text, HTML."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

import conformance
from conformance import Report
from conformance.checking import terminal
from conformance.tests.checking.kernels import WRONG


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report on a kernel whose dx is wrong on images."""
    file = tmp_path_factory.mktemp("kernels") / "wrong.py"
    file.write_text(WRONG)
    return conformance.check(f"{file}:batch_norm", case=["spatial/*", "dense/*"], fresh=False)


def test_the_verdict_comes_first(report: Report) -> None:
    """Then the table, then the diagnosis, then each failing output with what repeats it."""
    lines = str(report).splitlines()
    assert lines[0].startswith("DOES NOT CONFORM, grade F")
    places = [
        next(i for i, line in enumerate(lines) if re.match(start, line))
        for start in ("output ", "diagnosis: dx", r"\w+/train", "  dx: fail", "  conformance check")
    ]
    assert places == sorted(places)


def test_a_failing_output_says_where_and_how_far(report: Report) -> None:
    """The worst element with its index, value, expected value and bound."""
    line = next(line for line in str(report).splitlines() if line.startswith("  dx: fail"))
    assert re.search(r"at \[\d+(, \d+)+\], expected \S+ off by \S+, bound \S+", line)


def test_few_failures_are_listed_and_all_are_counted(report: Report) -> None:
    """What is left out is said, with how to see it."""
    failing = sum(case.outputs["dx"].grade == "F" for case in report.cases if "dx" in case.outputs)
    stream = io.StringIO()
    terminal.show(report, Console(file=stream, width=100), most=1)
    assert f"... and {failing - 1} more failing cases" in stream.getvalue()
    assert stream.getvalue().count("conformance check") == 1


def test_rows_are_of_outputs_that_are_due(report: Report) -> None:
    """Each output has the worst of its grades, its largest error and where that is."""
    row = next(row for row in terminal.rows(report.cases) if row.output == "dx")
    assert row.grade == "F"
    assert row.worst.startswith("spatial/")
    assert sum(row.counts.values()) == sum("dx" in case.outputs for case in report.cases)


class Reader(HTMLParser):
    """Checks that elements close in order, and collects text."""

    def __init__(self) -> None:
        """Nothing is open yet."""
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Remember what is open; some elements have no end."""
        del attrs
        if tag not in ("br", "use", "path", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Require that it closes what was opened last."""
        if tag not in ("br", "use", "path", "meta"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect."""
        self.text.append(data)


def test_a_notebook_shows_a_table_and_a_plot(report: Report) -> None:
    """The HTML is well formed, needs nothing from outside, and has the verdict, table and plot."""
    html = report._repr_html_()
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    said = " ".join(reader.text)
    assert report.verdict in said
    assert "diagnosis: dx" in said
    assert "<table>" in html
    assert "<svg" in html
    assert "error, units" in html
    assert not re.search(r"(?:src|href)=[\"']https?:", html)


def test_html_escapes_what_a_kernel_is_called(tmp_path: Path) -> None:
    """A name with angle brackets is shown and not executed."""
    folder = tmp_path / "<script>alert(1)<"
    folder.mkdir()
    (folder / "k.py").write_text(WRONG)
    html = conformance.check(f"{folder / 'k.py'}", case="dense/train-float32")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
