"""The design of the large tier: rows in which every three choices meet, written anew.

    tox run -e cover

Rows are found by covertable, a library for covering arrays; the package holds them as a table and
needs no library.  conformance/tests/cases/large/ proves that nothing is missing.
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Any

from columns import ROOT
from covertable import make

from conformance.cases.large.factors import FACTORS, PARTS, STRENGTH

DESIGN = ROOT / "conformance" / "cases" / "large" / "design.csv"


def main() -> int:
    """Write the table."""
    rows = make(dict(FACTORS), strength=STRENGTH, constraints=list(map(_constraint, PARTS)))
    rows.sort(key=lambda row: (row["channels"] * row["values"], *map(str, row.values())))
    with DESIGN.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(FACTORS), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    values = sum(row["channels"] * row["values"] for row in rows)
    print(f"{len(rows)} rows, about {values:,} values")
    return 0


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
