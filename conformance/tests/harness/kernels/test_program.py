"""Tests of kernels that are programs: the protocol, its forms, and what goes wrong."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conformance
from conformance.case import Case, Dialect
from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels.program import program, source_files
from conformance.harness.kernels.source import is_program
from conformance.verdict.record import RED, Status
from conformance.verdict.ruler import judge

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[4]))
EXAMPLES = CHECKOUT / "docs" / "examples"
CASES = ("spatial/*float32", "spatial/*float64", "count/*", "affine/no-*", "volumetric/*")

FILES = """
import sys, numpy as np
{read}
x, axis = given["x"], int(given["axis"])
rest = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
mean = x.mean(rest, dtype=np.float64)
found = {{"mean": mean.astype(x.dtype if x.dtype.kind == "f" else np.float32)}}
{write}
"""
NPZ = FILES.format(
    read="given = dict(np.load(sys.argv[1]))", write="np.savez(open(sys.argv[2], 'wb'), **found)"
)
HDF5 = FILES.format(
    read="import h5py\ngiven = {k: v[()] for k, v in h5py.File(sys.argv[1]).items()}",
    write="h5py.File(sys.argv[2], 'w').update(found)",
)


@pytest.fixture
def case() -> Case:
    """One case."""
    (found,) = conformance.load("dense/train-float32")
    return found


def script(folder: Path, text: str) -> str:
    """The command that runs a Python program."""
    file = folder / "a program.py"
    file.write_text(text)
    return f"{sys.executable} '{file}'"


def compiled(folder: Path) -> str:
    """The C example, compiled."""
    compiler = shutil.which("gcc")
    if compiler is None or not EXAMPLES.is_dir():
        pytest.skip("needs gcc and the checkout")
    built = folder / "batch_norm"
    source = EXAMPLES / "batch_norm.c"
    subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-o", built, source, "-lm"], check=True)
    return f"exec:{built}"


def node(_folder: Path) -> str:
    """The Node example."""
    if shutil.which("node") is None or not EXAMPLES.is_dir():
        pytest.skip("needs node and the checkout")
    return f"exec:node '{EXAMPLES / 'batch_norm.mjs'}'"


@pytest.mark.parametrize("made", [compiled, node])
def test_examples_are_right(made: object, tmp_path: Path) -> None:
    """The examples of two languages are right wherever they answer, in every layout."""
    assert callable(made)
    kernel = program(made(tmp_path))
    passed = 0
    for case in [case for glob in CASES for case in conformance.load(glob)]:
        if case.inputs.x.size > 5000:
            continue
        try:
            results = judge(case, Dialect(), kernel(case.inputs))
        except Unsupported:
            continue
        assert not [r for r in results.values() if r.status in RED], case.id
        passed += any(r.status is Status.PASS for r in results.values())
    assert passed >= 15


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples are in the checkout")
@pytest.mark.parametrize("name", ["batch_norm.c", "batch_norm.mjs"])
def test_examples_are_short(name: str) -> None:
    """The whole other side fits in forty lines of code."""
    lines = (EXAMPLES / name).read_text().splitlines()
    code = [line for line in lines if line.strip() and not line.startswith(("/*", "//"))]
    assert len(code) <= 40


@pytest.mark.parametrize(("form", "text"), [("exec+npz", NPZ), ("exec+hdf5", HDF5)])
def test_files_carry_a_call_and_its_answer(
    form: str, text: str, tmp_path: Path, case: Case
) -> None:
    """A program that reads and writes npz or HDF5 gets shapes and types as they are."""
    outputs = program(f"{form}:{script(tmp_path, text)}")(case.inputs)
    assert judge(case, Dialect(), outputs)["mean"].status is Status.PASS


def test_the_folder_says_what_the_document_says(tmp_path: Path, case: Case) -> None:
    """The lines of call.txt have the documented names, in the documented order."""
    copy = tmp_path / "copy"
    text = f"import shutil, sys; shutil.copytree(sys.argv[1], {str(copy)!r})"
    program(f"exec:{script(tmp_path, text)}")(case.inputs)
    names = [line.split(" ", 1)[0] for line in (copy / "call.txt").read_text().splitlines()]
    assert names[:8] == [
        "dtype",
        "parameter_dtype",
        "outer",
        "channels",
        "inner",
        "training",
        "eps",
        "momentum",
    ]
    assert (copy / "x").read_bytes() == case.inputs.x.tobytes()
    assert float((copy / "call.txt").read_text().split("eps ")[1].split()[0]) == case.inputs.eps


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys; print('broken', file=sys.stderr); sys.exit(3)", "exits with status 3"),
        ("import os; os.abort()", "was killed by SIGABRT"),
        ("import sys; open(sys.argv[2] + '/y', 'wb').write(b'123')", "y has 3 bytes, 192 were"),
        ("import sys; open(sys.argv[2] + '/z', 'wb')", "wrote z; the outputs are y, dx"),
    ],
)
def test_a_program_that_fails_is_told(text: str, words: str, tmp_path: Path, case: Case) -> None:
    """Status, signal, wrong sizes and strange names are told apart."""
    with pytest.raises(AdapterError) as failed:
        program(f"exec:{script(tmp_path, text)}")(case.inputs)
    assert words in str(failed.value)


@pytest.mark.parametrize(
    ("form", "text", "words"),
    [
        ("exec+npz", "import sys; open(sys.argv[2], 'wb').write(b'rubbish')", "cannot be read"),
        ("exec+hdf5", "import sys; open(sys.argv[2], 'wb').write(b'rubbish')", "cannot be read"),
        ("exec+npz", "", "wrote no"),
    ],
)
def test_a_file_that_is_none_is_told(
    form: str, text: str, words: str, tmp_path: Path, case: Case
) -> None:
    """Rubbish and nothing are told apart."""
    with pytest.raises(AdapterError) as failed:
        program(f"{form}:{script(tmp_path, text)}")(case.inputs)
    assert words in str(failed.value)


def test_status_77_is_unsupported(tmp_path: Path, case: Case) -> None:
    """The last line of standard error is the reason."""
    text = "import sys; print('noise\\nno float32', file=sys.stderr); sys.exit(77)"
    with pytest.raises(Unsupported, match=r"^no float32$"):
        program(f"exec:{script(tmp_path, text)}")(case.inputs)


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ("exec:", "names no command"),
        ("exec:'half", "Close its quotes"),
        ("exec:/no/such/program", "there is no program /no/such/program"),
    ],
)
def test_a_command_that_is_none_is_refused(selector: str, words: str) -> None:
    """Before any case runs; the message shows the command and what is wrong with it."""
    with pytest.raises(AdapterError) as refused:
        program(selector)
    assert words in str(refused.value)


def test_a_program_that_may_not_be_run_is_refused(tmp_path: Path, case: Case) -> None:
    """A file without the right to be run, and one that is no program, are told as that."""
    file = tmp_path / "not_executable"
    file.write_text("no program\n")
    file.chmod(stat.S_IRUSR)
    with pytest.raises(AdapterError, match="may not be run"):
        program(f"exec:{file}")
    file.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(AdapterError, match="cannot be started: Exec format error"):
        program(f"exec:{file}")(case.inputs)


def test_the_source_of_a_program_is_known(tmp_path: Path) -> None:
    """The files among the words of a command make the kernel's digest."""
    command = script(tmp_path, "pass")
    assert is_program(f"exec:{command}")
    assert not is_program("executor.py:f")
    assert [file.name for file in source_files(f"exec:{command}")][1:] == ["a program.py"]


def test_arrays_of_half_precision_travel(tmp_path: Path) -> None:
    """bfloat16 comes back as bfloat16 from a folder and from HDF5."""
    (case,) = conformance.load("dense/train-bfloat16")
    raw = "import shutil, sys; shutil.copy(sys.argv[1] + '/x', sys.argv[2] + '/y')"
    y = program(f"exec:{script(tmp_path, raw)}")(case.inputs)["y"]
    assert y.dtype == case.inputs.x.dtype
    assert np.array_equal(y, case.inputs.x)
    stored = "import h5py, sys; h5py.File(sys.argv[2], 'w')['y'] = h5py.File(sys.argv[1])['x'][()]"
    y = program(f"exec+hdf5:{script(tmp_path, stored)}")(case.inputs)["y"]
    assert y.dtype == case.inputs.x.dtype
