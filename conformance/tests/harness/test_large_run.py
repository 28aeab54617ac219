"""Large rows over the paths of an adapter: a record for each, whatever ends the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.case import Problem
from conformance.cases import large
from conformance.cases.catalogue.recipe import CaseRow
from conformance.errors import GoldenFileError
from conformance.harness import large_run, run
from conformance.harness.halt import Halt
from conformance.verdict.record import RunRecord, Status

ROWS = [row for row in large.rows() if row.recipe.types == "float32"][:3]

ADAPTER = '''"""Right up to 64 values of x, and wrong in y beyond."""
from conformance.adapter import Adapter, Path, load

STAGED = load("textbook").path("staged")

def run(inputs):
    found = dict(STAGED.run(inputs))
    return found | {"y": found["y"] * 2} if inputs.x.size > 64 else found

PATH = Path(name="only", about="-", run=run, dialect=STAGED.dialect)
ADAPTER = Adapter(name="sized", packages=("numpy",), device=lambda: "cpu", paths=(PATH,))
'''


def test_every_path_has_a_record_of_every_row() -> None:
    """Each row is asked of all paths, and each path's record is whole."""
    chosen = [c for c in run.columns("textbook") if c.path in ("staged", "spatial")]
    kept: list[RunRecord] = []
    done = large_run.run(chosen, ROWS, case_seconds=60, halt=Halt(), finished=kept.append)
    assert [record.path for record in done] == ["staged", "spatial"]
    assert kept == done
    wanted = [f"large/{row.name}" for row in ROWS]
    assert all([case.case for case in record.cases] == wanted for record in done)
    assert not any(record.red or record.partial for record in done)
    assert done[0].compared > 20


def test_what_fails_for_its_size_alone_is_told(tmp_path: Path) -> None:
    """A path that is right for small calls and wrong for larger ones fails on these."""
    file = tmp_path / "adapter.py"
    file.write_text(ADAPTER)
    rows = [row for row in large.rows() if row.recipe.types == "float32"][:8]
    (record,) = large_run.run(run.columns(str(file)), rows, case_seconds=60, halt=Halt())
    failed = {case.case: case.outputs["y"].status is Status.FAIL for case in record.cases}
    sizes = {f"large/{row.name}": large.made(row).inputs.x.size for row in rows}
    assert failed == {name: size > 64 for name, size in sizes.items()}
    assert len(set(failed.values())) == 2


def test_a_run_that_is_stopped_says_how_far_it_came() -> None:
    """What was asked before is in the record, which is partial."""
    halt = Halt()
    (column,) = run.columns("textbook/staged")
    (record,) = large_run.run(
        [column], ROWS, case_seconds=60, halt=halt, done=lambda *_: halt.now("stopped by a test")
    )
    assert record.partial == "stopped by a test after 1 of 3 cases"
    assert [case.case for case in record.cases] == [f"large/{ROWS[0].name}"]


def test_what_came_before_an_error_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row whose values are others here ends the run with an error, and the record is there."""
    made = large.made

    def second_differs(row: CaseRow) -> Problem:
        if row is ROWS[1]:
            raise GoldenFileError("the values are others")
        return made(row)

    monkeypatch.setattr(large, "made", second_differs)
    kept: list[RunRecord] = []
    with pytest.raises(GoldenFileError, match="others"):
        large_run.run(
            run.columns("textbook/staged"), ROWS, case_seconds=60, halt=Halt(), finished=kept.append
        )
    (record,) = kept
    assert record.partial == "stopped by GoldenFileError after 1 of 3 cases"
