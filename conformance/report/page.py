"""The matrix as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Template

from conformance._version import __version__
from conformance.oracle.edges import listed
from conformance.report import standing, wording
from conformance.report.folds import PathFold, path_folds, silences
from conformance.report.join import NOTABLE
from conformance.report.legend import GRADES, SIGNS, UNITS
from conformance.report.matrix import Matrix, MatrixCell, MatrixRow
from conformance.report.rendering import environment
from conformance.verdict.record import RED, SEVERITY, Status

LISTED = 9_000
"""How many findings the page lists; with what stands around them it stays below 3 MB."""

_TEMPLATES = Path(__file__).parent / "templates"


def as_page(matrix: Matrix) -> str:
    """`matrix` as a page, whole: see `parts`."""
    return "".join(parts(matrix))


def parts(matrix: Matrix) -> Iterator[str]:
    """`matrix` as a page: verdict, two tables, every finding, what was not compared, legend."""
    folds = path_folds(matrix, LISTED)
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    return _template().generate(
        matrix=matrix,
        kinds=(matrix.total, *matrix.kinds),
        verdict=wording.verdict(matrix),
        folds=folds,
        link=lambda row, index: _link(matrix, folds, row, index),
        red_rows=_red_rows(matrix),
        silences=list(silences(matrix)),
        told=_told,
        figure=wording.figure,
        number=wording.number,
        units=wording.units,
        present=wording.present,
        values=wording.values,
        edges=wording.edges,
        differ=lambda each: listed(edge for edge, kept in each.edges.items() if not kept),
        causes=wording.causes,
        standing_class=_STANDING_CLASS,
        counted=wording.counted,
        signs=SIGNS,
        order=SEVERITY,
        notable=[status for status in SEVERITY if status in NOTABLE],
        red=RED,
        grades=GRADES,
        units_mean=UNITS,
        version=__version__,
        newest=max((c.record.started for c in matrix.columns if c.record), default=""),
        # The policy of the page lets this script run and nothing that a record could smuggle in.
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


_STANDING_CLASS = {
    standing.CONFORMS: Status.PASS.value,
    standing.DEGRADED: Status.DEGRADED.value,
    standing.KNOWN: Status.EXPECTED_FAIL.value,
    standing.FAILS: Status.FAIL.value,
    standing.NOTHING: Status.NOT_RUN.value,
}


@cache
def _template() -> Template:
    return environment(_TEMPLATES).get_template("page.html")


def _link(matrix: Matrix, folds: dict[int, PathFold], row: MatrixRow, index: int) -> str:
    """Where the page says more about a cell; empty for a plain pass."""
    cell = matrix.cell(row, index)
    if any(cell.counts.get(status) for status in NOTABLE) and index in folds:
        kind = matrix.kinds.index(row) if row.view == "kind" else None
        there = {fold.kind for fold in folds[index].kinds}
        return f"p{index}-{kind}" if kind in there else f"p{index}"
    return f"n{index}" if cell.absent or cell.compared < cell.due else ""


def _red_rows(matrix: Matrix) -> dict[str, set[str]]:
    """For each view the names of the rows in which something is red."""
    names: dict[str, set[str]] = {row.view: set() for row in matrix.rows}
    for row in matrix.rows:
        if any(matrix.cell(row, index).red for index in range(len(matrix.columns))):
            names[row.view].add(row.name)
    return names


def _told(cell: MatrixCell) -> str:
    """`cell` in words, for a reader who cannot see or guess its signs."""
    parts = [cell.status.value]
    if cell.grade:
        parts.append(f"grade {cell.grade}")
    if wording.units(cell):
        parts.append(f"{wording.units(cell)} units")
    said = [", ".join(parts), wording.counted(cell.counts)]
    if cell.absent and cell.due:
        said.append(f"{wording.plural(cell.absent, 'case')} not in this record")
    return "; ".join(filter(None, [*said, cell.why[:200]]))
