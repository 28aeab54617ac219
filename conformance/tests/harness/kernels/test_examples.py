"""Tests that every example of ``docs/check.md`` does what the page says; each where it can run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.cli import main
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.verdict.record import Status

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[4]))
PAGE = CHECKOUT / "docs" / "check.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the page is in the checkout")

SOME = ("spatial/*", "dense/*", "momentum/*", "test-mode/*", "extremes/*", "volumetric/*")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every example under the name in its first line, and the tests in it."""
    for text in re.findall(
        r"^```(?:python|toml)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    ):
        (tmp_path / text.split("\n", 1)[0].removeprefix("# ")).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "most"), [("forward", 5), ("complete", 12)])
def test_the_smallest_examples_are_small(folder: Path, name: str, most: int) -> None:
    """A forward kernel takes at most five lines, a complete one at most twelve."""
    lines = (folder / f"{name}.py").read_text().splitlines()[1:]
    assert len([line for line in lines if line.strip()]) <= most


@pytest.mark.parametrize("name", ["forward", "complete"])
def test_numpy_examples_conform(folder: Path, name: str) -> None:
    """On the whole catalogue, and on fresh cases."""
    report = conformance.check(str(folder / f"{name}.py"))
    assert report.conforms
    told = [(n, r) for c in report.cases for n, r in c.outputs.items() if r.grade == "F"]
    assert {"y", "dx"} >= {name for name, r in told if not is_of_correct_kernels(r.edges)}
    assert report.counts[Status.PASS] > 250


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("torch_function", "torch"),
        ("torch_module", "torch"),
        ("torch_autograd", "torch"),
        ("jax_function", "jax"),
        ("jax_module", "flax"),
        ("numba_launcher", "numba.cuda"),
        ("triton_launcher", "triton.language"),
    ],
)
def test_framework_examples_conform(
    folder: Path, name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the framework is installed; what it cannot help is in the page's expectations."""
    pytest.importorskip(module)
    # Without a GPU, unless somebody says that there is one.
    for simulator in ("NUMBA_ENABLE_CUDASIM", "TRITON_INTERPRET"):
        monkeypatch.setenv(simulator, os.environ.get(simulator, "1"))
    known = folder / f"{name.partition('_')[0]}_expectations.toml"
    report = conformance.check(
        str(folder / f"{name}.py"), case=SOME, known_failures=known if known.exists() else None
    )
    assert report.conforms, str(report)
    assert report.counts[Status.PASS] > 20


@pytest.mark.parametrize(
    ("name", "module", "defaults"),
    [
        ("torch_module", "torch", ("new", "unbiased", "1e-05", "0.1")),
        ("jax_function", "jax", ("new", "unbiased", "0.001", "0.9")),
        ("jax_module", "flax", ("old", "biased", "1e-05", "0.99")),
        ("keras_layer", "keras", ("old", "biased", "0.001", "0.99")),
    ],
)
def test_the_doctor_understands_frameworks(
    folder: Path,
    name: str,
    module: str,
    defaults: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Conventions and defaults of a framework's kernel are found, compiled or not."""
    pytest.importorskip(module)
    file = folder / f"{name}.py"
    own = file.read_text().replace("eps, momentum, training)", "eps=1e-3, momentum=0.9, training)")
    file.write_text(own)
    main(["doctor", str(file), "--format", "json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    found = {finding["convention"]: finding["found"] for finding in findings}
    asked = ("momentum", "running_var", "default eps", "default momentum")
    assert tuple(found[convention] for convention in asked) == defaults


def test_the_keras_example_is_recognised(folder: Path) -> None:
    """Keras's own layer with its own conventions: right on all ordinary cases."""
    pytest.importorskip("keras")
    report = conformance.check(str(folder / "keras_layer.py"), case=SOME[:4])
    assert report.conforms, str(report)
    assert report.dialect["momentum"] == "old"
    assert report.counts[Status.PASS] > 100


def test_pytest_example_tests_a_case_each(folder: Path) -> None:
    """The mark and the fixture make one test per case, which -k, -m and xdist select and spread."""

    def run(*options: str) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    listed = re.findall(r"\[(.+)\]$", run("--collect-only", "test_my_kernel.py"), re.MULTILINE)
    assert len(set(listed)) == len(listed) > 1
    each = rf"{len(listed)} passed in"
    assert re.search(each, run("test_my_kernel.py"))
    assert re.search(each, run("test_my_kernel.py", "-n", "2"))
    assert re.search(each, run("-m", "conformance"))
    some = sum("rows-65537" in case for case in listed)
    assert 0 < some < len(listed)
    assert re.search(rf"{some} passed, {len(listed) - some} deselected", run("-k", "rows-65537"))


def test_the_python_example_runs(folder: Path) -> None:
    """It prints the verdict and the grade."""
    command = [sys.executable, "in_python.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    assert re.fullmatch(r"True [AB]\n", done.stdout)
