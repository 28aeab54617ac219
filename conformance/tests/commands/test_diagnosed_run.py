"""A kernel with a known fault, through the real commands: the diagnosis is wherever people look."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli import main

ADAPTER = """
from conformance.adapter import Adapter, Path
from conformance.faults import FAULTS

ADAPTER = Adapter(
    name="mine",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=(Path(name="bn", about="-", run=FAULTS["{fault}"].kernel),),
)
"""
pytestmark = pytest.mark.usefixtures("unshielded")
SENTENCE = "matches 'dx divides its sums by N instead of N*H*W' (dx-divides-by-batch)"


@pytest.fixture
def unshielded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the adapter use the dictionary, which a shielded worker has not."""
    monkeypatch.setenv("CONFORMANCE_SHIELD", "off")


def test_the_fault_is_named_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, record, Markdown, page and JSON say which fault it is."""
    (tmp_path / "adapter.py").write_text(ADAPTER.format(fault="dx-divides-by-batch"))
    records, report = tmp_path / "records", tmp_path / "report"
    run = ["run", str(tmp_path / "adapter.py"), "--case", "spatial/*", "--case", "dense/*"]
    assert main([*run, "--records", str(records)]) == 1
    assert f"diagnosis: dx: {SENTENCE}" in capsys.readouterr().out
    assert main(["matrix", str(records), "--out", str(report)]) == 1
    assert "diagnosis: mine/bn" in capsys.readouterr().out
    stored = json.loads((records / "mine" / "bn.json").read_text())
    assert stored["diagnosis"][0]["fault"] == "dx-divides-by-batch"
    assert "dx-divides-by-batch" in (report / "matrix.md").read_text()
    assert "dx-divides-by-batch" in (report / "index.html").read_text()
    (column,) = json.loads((report / "matrix.json").read_text())["columns"]
    assert column["record"]["diagnosis"][0]["sentence"].startswith(f"dx: {SENTENCE}")


def test_a_correct_kernel_hears_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The smoke tier passes a correct kernel, without a diagnosis and without a record."""
    honest = ADAPTER.format(fault="folded-affine-cancellation")  # accepted, with its reason
    (tmp_path / "adapter.py").write_text(honest)
    assert main(["run", str(tmp_path / "adapter.py"), "--tier", "smoke"]) == 0
    said = capsys.readouterr().out
    assert "diagnosis" not in said
    assert "ok  mine/bn" in said
    assert not (tmp_path / "records").exists()
