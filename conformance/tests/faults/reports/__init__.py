"""Kernels with the faults of public reports, of code that was read and of an adversary.

`reports.toml` says what each does wrong and what a check is to say; their text is that of
`layer.txt` with lines replaced.  `ci/reported.py` checks them all and writes docs/reported.md.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Actual, Inputs, Kernel
from conformance.tests.faults.independent.edit import Edit

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Report:
    """One faulty kernel, and what is due.

    Attributes:
        id: Names its file.
        source: Where it was reported, or what it was read in.
        fault: What it does wrong, in words.
        edits: Lines of `layer.txt` and what stands there instead.
        text: Instead of edits: the whole kernel.
        needs: Module that it imports beside numpy.
        named: Faults of the dictionary that the diagnosis names, all of them and no other.
        edges: It conforms in values and differs at these edges.
        told: It conforms, and this is said of its quality.
        passes: Why no stored case shows the fault; it conforms then.
        large: Call of the large tier that shows what no stored case does.
        by_chance: Whether some checks reject it all the same, by what they draw.
    """

    id: str
    source: str
    fault: str
    edits: list[list[str]] = field(default_factory=list)
    text: str = ""
    needs: str = ""
    named: list[str] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    passes: str = ""
    large: str = ""
    by_chance: bool = False

    def kernel(self) -> str:
        """The text of the kernel, a module of its own."""
        found = self.text or (HERE / "layer.txt").read_text(encoding="utf-8")
        for old, new in self.edits:
            found = Edit(old, new.strip("\n")).apply(found)
        return found

    def function(self) -> Kernel:
        """The kernel called here, as its signature wants it; for those that take numpy arrays."""
        module: dict[str, Any] = {}
        exec(compile(self.kernel(), self.id, "exec"), module)  # noqa: S102 - a text of our own

        def run(inputs: Inputs) -> Actual:
            given = ("running_mean", "running_var", "eps", "momentum", "training", "axis")
            named = {name: getattr(inputs, name) for name in given}
            if self.takes_mask:
                named["mask"] = inputs.mask
            with np.errstate(all="ignore"):
                found = module[self.name](inputs.x, inputs.gamma, inputs.beta, inputs.dy, **named)
            return dict(found)

        return run

    @property
    def takes_mask(self) -> bool:
        """Whether the kernel may be given a mask."""
        return "axis, mask)" in self.kernel()

    @property
    def name(self) -> str:
        """What the kernel is called in its file."""
        return "BatchNorm" if self.text else "batch_norm"


def reports() -> tuple[Report, ...]:
    """All of them, in the order of the file."""
    held = tomllib.loads((HERE / "reports.toml").read_text(encoding="utf-8"))
    return tuple(Report(**each) for each in held["report"])
