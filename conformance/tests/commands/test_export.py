"""``conformance export``: what is written is then verified, and what differs is named."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from conformance.cases import golden
from conformance.cases.exported.formats import named
from conformance.cases.golden import writing
from conformance.cli import main
from conformance.tests.cases.exported.samples import bounded, grouped, put
from conformance.tests.cases.golden import samples

CASES = ("--case", "momentum/one*", "--case", "empty/*")
FORMATS = ("npz", "safetensors", "raw", "json")


def export(form: str, out: Path, *words: str) -> int:
    """Run ``conformance export``."""
    return main(["export", "--format", form, "--out", str(out), *words])


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_written_is_then_verified(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line counts cases, files and bytes as they lie there, progress is on standard error."""
    count = len(golden.select(["momentum/one*", "empty/*"]))
    assert export(form, tmp_path / "out", *CASES) == 0
    said = capsys.readouterr()
    files = [f for f in (tmp_path / "out").rglob("*") if f.is_file() and f.name[0] != "."]
    size = sum(file.stat().st_size for file in files)
    assert said.out == (
        f"wrote {count} cases, {len(files):,} files, {size:,} bytes "
        f"to {tmp_path / 'out'} ({form})\n"
    )
    assert said.err == f"exporting {count} cases\n"
    before = {file: file.stat().st_mtime_ns for file in files}
    assert export(form, tmp_path / "out", *CASES, "--verify") == 0
    assert capsys.readouterr().out == f"verified: {count} of {count} cases read\n"
    assert {file: file.stat().st_mtime_ns for file in files} == before


def test_cases_of_any_golden_folder_are_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--golden takes cases from another folder, with that folder's own account of the group."""
    case = next(golden.load(["dense/train-float32"]))
    writing.write([case], tmp_path / "golden", explain={"dense": "Mine alone."})
    there = ("--golden", str(tmp_path / "golden"))
    assert export("json", tmp_path / "out", *there) == 0
    told = json.loads((tmp_path / "out/dense.json").read_text(encoding="utf-8"))
    assert (told["about"], told["number_of_cases"]) == ("Mine alone.", 1)
    assert export("json", tmp_path / "out", *there, "--verify") == 0
    capsys.readouterr()
    assert export("json", tmp_path / "out", "--case", "dense/*", "--verify") == 1
    assert "dense/" in capsys.readouterr().out


def test_every_difference_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound or an edge that is another, a case that is missing and one that is extra are told."""
    out = tmp_path / "out"
    assert export("raw", out, "--case", "empty/*") == 0
    (out / "empty/train-float32/unit.running_mean.bin").write_bytes(bytes(8 * 8))
    text = out / "empty/test-float32/case.json"
    text.write_text(text.read_text(encoding="utf-8").replace('["empty-batch"]', "[]"))
    for file in (out / "empty/train-nchw").iterdir():
        file.unlink()
    writing.write(
        [samples.dense("dense/mine")], tmp_path / "golden", explain={"dense": "Mine alone."}
    )
    capsys.readouterr()
    assert export("raw", out, "--case", "empty/*", "--verify") == 1
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines == [
        "empty/test-float32: edges differ",
        "empty/train-float32: unit/running_mean differ",
        "empty/train-nchw: missing",
    ]
    assert last.startswith("3 differences: NOT verified: ")
    assert export("raw", out, "--golden", str(tmp_path / "golden"), "--verify") == 1
    assert "empty/test-nhwc: extra, the golden files do not have it" in capsys.readouterr().out


def test_another_case_of_the_name_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A case that agrees with itself, and is not the golden one of its id, differs by digest."""
    out = tmp_path / "out"
    assert export("npz", out, "--case", "dense/train-float32") == 0
    (group,) = grouped([bounded(samples.dense("dense/train-float32"))])
    put(out, named("npz").files(group))
    capsys.readouterr()
    assert export("npz", out, "--case", "dense/train-float32", "--verify") == 1
    assert "dense/train-float32: sha256 differ\n" in capsys.readouterr().out


def test_a_damaged_case_is_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be read makes verification fail, and says that the rest was not read."""
    assert export("raw", tmp_path / "out", "--case", "empty/*") == 0
    (tmp_path / "out/empty/train-float32/gamma.bin").unlink()
    capsys.readouterr()
    assert export("raw", tmp_path / "out", "--case", "empty/*", "--verify") == 1
    said = capsys.readouterr().out
    assert "empty/train-float32: " in said
    assert "(what follows was not read)" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--case", "no/such"), "no case matches 'no/such'"),
        (("--golden", "nowhere"), "MANIFEST.json cannot be read"),
        (("--verify",), "holds no export"),
    ],
)
def test_a_mistake_is_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not there is told, with status 2, and nothing is made."""
    assert export("raw", tmp_path / "out", *words) == 2
    assert said in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_another_format_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To verify in another format than what is there is a mistake, not a difference."""
    assert export("raw", tmp_path / "out", "--case", "empty/train-nchw") == 0
    assert export("npz", tmp_path / "out", "--case", "empty/train-nchw", "--verify") == 2
    assert "holds an export as raw, one as npz was wanted" in capsys.readouterr().err


def test_what_onnx_cannot_express_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cases that are left out are counted by why; where none is left nothing is written."""
    pytest.importorskip("onnx")
    assert export("onnx", tmp_path / "out", "--case", "empty/*") == 0
    said = capsys.readouterr().out
    assert said.startswith("wrote 4 cases, ")
    assert said.endswith(
        "(onnx); 1 cannot be expressed: 1 with channels along another axis than 1\n"
    )
    assert export("onnx", tmp_path / "out", "--case", "empty/*", "--verify") == 0
    assert export("onnx", tmp_path / "none", "--case", "empty/test-nhwc") == 2
    assert not (tmp_path / "none").exists()


def test_without_onnx_its_extra_is_named(tmp_path: Path) -> None:
    """Where onnx is not installed one line says how to get it."""
    code = "import sys; sys.modules['onnx'] = None; from conformance.cli import main; "
    code += "sys.exit(main(['export', '--format', 'onnx', '--out', 'out']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'batchnorm-conformance[onnx]'" in done.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_stopped_export_leaves_nothing(name: str, status: int, tmp_path: Path) -> None:
    """A signal half way leaves neither the folder nor anything beside it, and no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "export", "--format", "raw", "--out", "a/out"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that a shell runs in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    )
    end = time.monotonic() + 60
    while not any(tmp_path.rglob("case.json")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert "nothing is kept" in err
    assert "Traceback" not in err
    assert [*tmp_path.iterdir()] == []
