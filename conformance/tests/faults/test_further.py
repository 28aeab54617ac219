"""Honest kernels that no bound was made from are never rejected."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from conformance.adapter import Capabilities, Path
from conformance.case import Dialect
from conformance.faults.honest import PANEL
from conformance.faults.sheet import Edits, kernel
from conformance.float_types import NARROW
from conformance.harness import worker
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.tests.faults.further import FURTHER


@pytest.mark.parametrize("name", FURTHER)
def test_no_honest_kernel_is_rejected(name: str) -> None:
    """Every output of every stored case is graded A or B, but for the answers to edges."""
    able = Capabilities(per_activation=True, narrow=frozenset(NARROW))
    path = Path(name=name, about="-", run=kernel(FURTHER[name]), capabilities=able)
    found: dict[tuple[str, str], str | None] = {}
    for place, case in enumerate(matrix.cases()):
        if case.inputs.mask is not None:
            continue  # these know of none
        header, outputs = worker.run(path, laid_out(case.inputs))
        assert header["status"] == "ok"
        judged = matrix.ruler(Dialect(), place).judge(outputs).items()
        wrong = {n: r for n, r in judged if r.grade not in {"A", "B"} and not r.edges}
        found |= {(case.id, n): r.reason for n, r in wrong.items()}
    assert found == {}


def test_there_are_forty_and_all_differ() -> None:
    """At least forty, each of which gives other bits than all others and than the panel."""
    assert len(FURTHER) >= 40
    wide = {np.dtype(np.float32), np.dtype(np.float64)}
    cases = [c for c in matrix.cases() if c.inputs.x.dtype in wide and c.inputs.x.size < 3e3]

    def bits(edits: Edits) -> bytes:
        run, digest = kernel(edits), hashlib.sha256()
        for case in cases:
            answer = run(laid_out(case.inputs))
            digest.update(b"".join(answer[name].tobytes() for name in sorted(answer)))
        return digest.digest()

    panel = {bits(member.edits) for member in PANEL.values()}
    found = [bits(edits) for edits in FURTHER.values()]
    assert len({*found} - panel) == len(found)
