"""The designs: rows in which every two or three choices meet, written anew.

    tox run -e cover             the rows of the large tier, and the digests of what they draw
    tox run -e cover -- pairs    the rows of the catalogue's combinations; then conformance generate
    tox run -e cover -- check    draw the large tier, and hold it against the digests

Rows are found by covertable, a library for covering arrays; the package holds them as a table and
needs no library.  conformance/tests/cases/test_designs.py proves that nothing is missing.
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import csv
import json
import math
import sys
from typing import Any

from columns import ROOT
from covertable import make

from conformance.cases import large
from conformance.cases.catalogue import pairs
from conformance.cases.catalogue.recipe import problem
from conformance.cases.design import Design, Part
from conformance.cases.large import digests, factors, room

HERE = ROOT / "conformance" / "cases" / "large"


def main() -> int:
    """Write the table and the digests, or check these."""
    if sys.argv[1:] == ["pairs"]:
        _write_design(pairs.DESIGN)
        return 0
    if sys.argv[1:] != ["check"]:
        _write_design(factors.DESIGN)
    found = {}
    rows = [row for row in large.rows() if row not in room.ROWS]
    for number, row in enumerate(rows):
        found[row.name] = digests.digest(problem(large.GROUP, row).inputs)
        print(f"\r{number + 1} of {len(rows)} drawn", end="", file=sys.stderr)
    print(file=sys.stderr)
    if sys.argv[1:] == ["check"]:
        return 0 if found == digests.known() else 1
    text = json.dumps(found, indent=0)
    (HERE / digests.NAME).write_text(f"{text}\n", encoding="utf-8")
    return 0


def _write_design(design: Design) -> None:
    found = make(
        {name: list(choices) for name, choices in design.factors.items()},
        strength=design.strength,
        constraints=list(map(_constraint, design.parts)),
    )
    sizes = [n for n in ("channels", "batch", "values") if n in design.factors]
    rows = sorted(
        found, key=lambda row: (math.prod(row[n] for n in sizes), *map(str, row.values()))
    )
    place = ROOT.joinpath(*design.package.split("."), "design.csv")
    with place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(design.factors), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} rows")


def _constraint(part: Part) -> dict[str, Any]:
    """A condition as covertable takes it."""
    names, holds = part
    return {
        "operator": "fn",
        "requires": list(names),
        "evaluate": lambda row: holds(*(row[name] for name in names)),
    }


if __name__ == "__main__":
    raise SystemExit(main())
