"""Cases to look at: of the catalogue, solved here, and one whose texts are hostile."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import Case, Inputs, Problem
from conformance.cases import golden
from conformance.oracle.solve import solve
from conformance.tests.cases.golden.samples import values

FAR = "offset/rows-float32-1000"
"""A case in which a single pass loses most of the variance."""

HALF = "mixed/long-sum-float16"
"""A case in which sums in half precision stop, and a plain loop is grade B."""

EVIL = '\x1b[2J\u202e<script src="https://evil.example/a.js">alert(1)</script>\x07'
"""Text that would clear a terminal, turn it around, ring, and run in a page."""


def stored(name: str) -> Case:
    """A case of the package's own golden files."""
    return next(golden.load([name]))


def solved(**said: Any) -> Case:
    """A case with its exact answers: `Inputs` by name, and texts by ``catches`` and so on."""
    texts = {key: said.pop(key) for key in ("catches", "made", "cites") if key in said}
    given: dict[str, Any] = {"x": values((6, 3), np.float32), **said}
    told = {"catches": "a mistake", "made": "for a test", **texts}
    return solve(Problem(id="mine/one", group="mine", inputs=Inputs(**given), **told))


def hostile() -> Case:
    """A case whose texts are `EVIL`."""
    return solved(catches=EVIL, made=EVIL, cites=(EVIL,))
