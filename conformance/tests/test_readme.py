"""The README's examples, run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import adapter
from conformance.cases import golden
from conformance.cli import main
from conformance.harness import run
from conformance.verdict.record import Status

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[2]))
README = CHECKOUT / "README.md"
pytestmark = pytest.mark.skipif(not README.is_file(), reason="the README is in the checkout")


def blocks() -> list[tuple[str, str]]:
    """Fenced blocks: language and text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def test_kernel_example_runs(tmp_path: Path) -> None:
    """The adapter of the README loads, and gets the grades that the README shows."""
    text = next(text for _, text in blocks() if text.startswith("# my/adapter.py"))
    (tmp_path / "adapter.py").write_text(text)
    ids = golden.select(["offset/rows-float32-10", "offset/rows-float32-1000"])
    (done,) = run.run(run.columns(str(tmp_path / "adapter.py")), ids)
    found = [str(case.outputs["var"].status) for case in done.cases]
    shown = re.findall(
        r"^    +offset/rows-float32-10+ var: (\w+)", README.read_text(), re.MULTILINE
    )
    assert found == shown
    assert done.counts[Status.UNSUPPORTED] == 14


def test_check_example_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command below the README's kernel gives the verdict, diagnosis and command shown."""
    text = next(text for _, text in blocks() if text.startswith("# layer.py"))
    (tmp_path / "layer.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    shown = (
        README.read_text().split("    $ conformance check layer.py", 1)[1].split("    ...", 1)[0]
    )
    assert main(["check", "layer.py", "--case", "spatial/*", "--case", "dense/*"]) == 1
    printed = capsys.readouterr().out.splitlines()
    # The units depend on a machine's vector instructions in their last digits.
    lines = [line.removeprefix("    ") for line in shown.splitlines()[1:]]
    assert len(lines) > 15
    assert [changeless(line) for line in lines] == [changeless(p) for p in printed[: len(lines)]]


def changeless(line: str) -> str:
    """A line without what differs between two runs or two machines: times, seeds and figures."""
    line = re.sub(r"numpy \S+, |\b\d[\d.]* s;|seed \w+", "", line)
    return re.sub(r"[-+]?\d+\.\d+(e[-+]?\d+)?|\d+e\d+", "", line).rstrip()


def test_expected_example_prints_what_is_shown() -> None:
    """The example of `conformance.expected` prints the line below it."""
    at = [text for _, text in blocks()]
    code = next(i for i, text in enumerate(at) if text.startswith("import conformance"))
    done = subprocess.run(
        [sys.executable, "-c", at[code]], capture_output=True, text=True, check=True
    )
    assert done.stdout == at[code + 1]


def test_counts_are_those_of_the_golden_files() -> None:
    """The README's numbers of cases and values are theirs, and its adapters are there."""
    text = README.read_text()
    entries = golden.manifest().entries
    assert f"{len(entries)} cases" in text
    held = sum(
        values.size for case in golden.load(entries) for values in case.expected.items().values()
    )
    assert f"({held:,}\nvalues today)" in text
    shown = set(re.findall(r"^\| (\w+)/\w+ \|", text, re.MULTILINE))
    # A new adapter needs no line here: the matrix is that of the release before it.
    assert shown
    assert shown <= set(adapter.names())
