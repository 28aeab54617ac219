"""What tests of columns of deployed models share: stored blocks, and what an answer is worth."""

from __future__ import annotations

from conformance.adapter import Path
from conformance.case import Case
from conformance.cases import deployed, golden
from conformance.errors import Unsupported
from conformance.verdict.ruler import Ruler


def names() -> list[str]:
    """The ids of all stored blocks."""
    return list(golden.select(folder=deployed.folder()))


def case(name: str) -> Case:
    """A stored block."""
    (found,) = golden.load([name], deployed.folder())
    return found


def grade(path: Path, name: str) -> str:
    """The grade of y, or ``"unsupported"``."""
    asked = case(name)
    try:
        found = path.run(asked.inputs)
    except Unsupported:
        return "unsupported"
    return Ruler(asked, path.dialect).judge(found)["y"].grade or "none"
