"""The design of the large tier: rows in which every three choices meet, written anew.

    tox run -e cover             the rows, and the digests of what they draw
    tox run -e cover -- check    draw everything, and hold it against the digests

Rows are found by covertable, a library for covering arrays; the package holds them as a table and
needs no library.  conformance/tests/cases/large/ proves that nothing is missing.
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from columns import ROOT
from covertable import make

from conformance.cases import large
from conformance.cases.catalogue.recipe import problem
from conformance.cases.large import digests
from conformance.cases.large.factors import FACTORS, PARTS, STRENGTH

HERE = ROOT / "conformance" / "cases" / "large"


def main() -> int:
    """Write the table and the digests, or check these."""
    if sys.argv[1:] != ["check"]:
        _write_design()
    found = {}
    for number, row in enumerate(large.rows()):
        found[row.name] = digests.digest(problem(large.GROUP, row).inputs)
        print(f"\r{number + 1} of {len(large.rows())} drawn", end="", file=sys.stderr)
    print(file=sys.stderr)
    if sys.argv[1:] == ["check"]:
        return 0 if found == digests.known() else 1
    text = json.dumps(found, indent=0)
    (HERE / digests.NAME).write_text(f"{text}\n", encoding="utf-8")
    return 0


def _write_design() -> None:
    rows = make(dict(FACTORS), strength=STRENGTH, constraints=list(map(_constraint, PARTS)))
    rows.sort(key=lambda row: (row["channels"] * row["values"], *map(str, row.values())))
    with (HERE / "design.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(FACTORS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    values = sum(row["channels"] * row["values"] for row in rows)
    print(f"{len(rows)} rows, about {values:,} values")


def _constraint(part: tuple[Sequence[str], Callable[..., bool]]) -> dict[str, Any]:
    """A condition as covertable takes it."""
    names, holds = part
    return {
        "operator": "fn",
        "requires": list(names),
        "evaluate": lambda row: holds(*(row[name] for name in names)),
    }


if __name__ == "__main__":
    raise SystemExit(main())
