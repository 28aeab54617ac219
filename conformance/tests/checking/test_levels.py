"""The two levels of a verdict: values that must be right, and edges that are told beside them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import conformance
from conformance.checking import levels
from conformance.checking.levels import DIFFERS, KEPT, KNOWN, UNTOLD, EdgeFound
from conformance.checking.rule import Rule
from conformance.cli import main
from conformance.errors import InputError
from conformance.verdict.record import CaseResult, OutputResult, Status

TEXTBOOK = '''
"""Batch normalization as a textbook has it: it thinks of no edge."""
import numpy as np


def batch_norm(x, gamma, beta, dy, *, running_mean, running_var, eps, momentum, training, axis):
    axes, shape = tuple(a for a in range(x.ndim) if a != axis % x.ndim), [1] * x.ndim
    shape[axis], M = -1, x.size // x.shape[axis]
    wide = np.float64 if x.dtype == np.float64 else np.float32
    X = x.astype(wide)
    if training:
        mean = X.mean(axes, keepdims=True)
        var = ((X - mean) ** 2).mean(axes, keepdims=True)
        new = (1 - momentum) * running_mean + momentum * mean.ravel()
    else:
        mean, var = (a.astype(wide).reshape(shape) for a in (running_mean, running_var))
        new = running_mean.copy()
    x_hat = (X - mean) / np.sqrt(var + wide(eps))
    y = x_hat * gamma.astype(wide).reshape(shape) + beta.astype(wide).reshape(shape)
    return {"y": y.astype(x.dtype), "running_mean": new.astype(running_mean.dtype)}


def flushes(x, gamma, beta, dy, **given):
    small = np.abs(x) < np.finfo(x.dtype).smallest_normal
    return batch_norm(np.where(small, 0, x).astype(x.dtype), gamma, beta, dy, **given)


def refuses_nan(x, gamma, beta, dy, **given):
    if not np.isfinite(x).all():
        raise FloatingPointError("x is not finite")
    return batch_norm(x, gamma, beta, dy, **given)


def writes(x, gamma, beta, dy, **given):
    if memoryview(x).readonly:
        raise ValueError("buffer source array is read-only")
    return batch_norm(x, gamma, beta, dy, **given)


def one_pass(x, gamma, beta, dy, *, axis, training, **given):
    if not training or not x.size:
        raise NotImplementedError("training on data alone")
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    mean = x.mean(axes)
    return {"var": (x * x).mean(axes) - mean * mean}


batch_norm.conformance = refuses_nan.conformance = {"ranks": [2]}
flushes.conformance = {"dtypes": ["float32", "float64"]}
writes.conformance = {"ranks": [2], "dtypes": ["float32", "float64"]}
one_pass.conformance = {"ranks": [2], "dtypes": ["float32"]}
'''

CASES = ("dense/train-float32", "dense/test-float32", "empty/train-float32", "nonfinite/nan-x-t*")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of kernels."""
    file = tmp_path_factory.mktemp("kernels") / "textbook.py"
    file.write_text(TEXTBOOK)
    return file


def checked(kernels: Path, name: str, *cases: str, **more: object) -> conformance.Report:
    """The report on one of them."""
    return conformance.check(f"{kernels}:{name}", case=cases, fresh=False, **more)  # type: ignore[arg-type]  # options of check


def states(report: conformance.Report) -> dict[str, str]:
    """Edges to what became of them."""
    return {edge.name: edge.state for edge in report.edges}


def test_an_empty_batch_alone_spoils_no_verdict(kernels: Path) -> None:
    """A textbook kernel conforms in values, and the line says which edge differs."""
    report = checked(kernels, "batch_norm", *CASES)
    assert (report.conforms, report.grade) == (True, "A")
    assert report.verdict.startswith(
        "CONFORMS in values, grade A; 1 of 3 edges differs: empty batch: "
    )
    assert " at edges" in report.verdict
    assert states(report) == {"empty-batch": DIFFERS, "nan-inputs": KEPT, "read-only-inputs": KEPT}


def test_strict_demands_all(kernels: Path) -> None:
    """The same kernel does not conform where the edges must be kept."""
    report = checked(kernels, "batch_norm", *CASES, strict=True)
    assert (report.conforms, report.grade) == (False, "A")
    assert report.verdict.startswith("DOES NOT CONFORM at its edges, grade A; 1 of 3 edges differs")
    assert "empty/train-float32" in str(report)


def test_edges_that_are_kept_are_counted(kernels: Path) -> None:
    """Where nothing differs the line says of how many edges."""
    report = checked(kernels, "batch_norm", "dense/t*-float32", "nonfinite/nan-x-t*", strict=True)
    assert report.conforms
    assert report.verdict.startswith("CONFORMS in values, grade A; all 2 edges kept: ")


def test_flushed_subnormal_numbers_are_an_edge(kernels: Path) -> None:
    """A kernel that flushes conforms in values, and differs at that edge."""
    report = checked(kernels, "flushes", "dense/*-float32", "extremes/*")
    assert report.conforms
    assert states(report)["subnormal-inputs"] == DIFFERS


def test_an_exception_for_a_nan_is_an_edge(kernels: Path) -> None:
    """A kernel that refuses NaN with an exception differs there, and nowhere else."""
    report = checked(kernels, "refuses_nan", "dense/*-float32", "nonfinite/*")
    assert report.conforms
    told = states(report)
    assert (told["nan-inputs"], told["infinite-inputs"]) == (DIFFERS, DIFFERS)


def test_inputs_that_cannot_be_written_to_are_an_edge(kernels: Path) -> None:
    """A kernel that wants buffers it could write to differs, and conforms in values."""
    report = checked(kernels, "writes", "dense/*-float32")
    assert report.conforms
    (edge,) = report.edges
    assert (edge.name, edge.state) == ("read-only-inputs", DIFFERS)
    assert "buffer source array is read-only" in edge.why


def test_a_wrong_value_is_wrong_at_any_level(tmp_path: Path) -> None:
    """A kernel that is wrong on ordinary data does not conform, whatever its edges do."""
    file = tmp_path / "wrong.py"
    file.write_text(TEXTBOOK.replace("wide(eps)", "wide(2 * eps)"))
    report = checked(file, "batch_norm", *CASES)
    assert (report.conforms, report.grade) == (False, "F")
    assert report.verdict.startswith("DOES NOT CONFORM, grade F; ")


@pytest.mark.parametrize(
    ("minimum", "conforms", "head"),
    [
        ("B", False, "DEGRADED, grade C where B was wanted: "),
        ("C", True, "CONFORMS in values, grade C: "),
    ],
)
def test_a_degraded_kernel_conforms_only_where_that_is_asked_for(
    kernels: Path, minimum: str, conforms: bool, head: str
) -> None:
    """The single-pass variance is C; the minimum is B where nothing is said."""
    more = {} if minimum == "B" else {"minimum_grade": minimum}
    report = checked(kernels, "one_pass", "offset/rows-float32-10", **more)
    assert (report.conforms, report.grade) == (conforms, "C")
    assert report.verdict.startswith(head)


def test_the_command_has_the_rule(kernels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--minimum-grade`` and ``--strict`` decide the exit status, and the report tells them."""
    words = ["check", f"{kernels}:one_pass", "--case", "offset/rows-float32-10", "--no-fresh"]
    assert main([*words, "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["rule"] == {"minimum_grade": "B", "strict": False}
    assert said["edges"] == {}
    assert main([*words, "--minimum-grade", "C", "--strict"]) == 0
    words = ["check", f"{kernels}:batch_norm", "--no-fresh", "--case", "empty/train-float32"]
    assert main([*words, "--case", "dense/*-float32"]) == 0
    assert "edge empty batch: an empty batch has" in capsys.readouterr().out
    assert main([*words, "--case", "dense/*-float32", "--strict"]) == 1


def test_a_grade_that_is_none_is_refused() -> None:
    """A minimum grade is A, B or C."""
    with pytest.raises(InputError, match="'D', A, B, C were wanted"):
        Rule(minimum_grade="D")


def result(status: Status, *edges: str) -> OutputResult:
    """The result of one output."""
    grade = {Status.PASS: "A", Status.FAIL: "F"}.get(status)
    return OutputResult(status=status, grade=grade, reason=status.value, edges=edges)


def case(name: str, *outputs: OutputResult, edges: tuple[str, ...] = ("nan-inputs",)) -> CaseResult:
    """The result of one case."""
    named = dict(zip(("y", "dx", "dgamma"), outputs, strict=False))
    facts = {"case": name, "group": "g", "mode": "train", "layout": "NC", "dtype": "float32"}
    return CaseResult(**facts, outputs=named, repro="", edges=edges)  # type: ignore[arg-type]  # texts


@pytest.mark.parametrize(
    ("outputs", "state"),
    [
        ((result(Status.PASS),), KEPT),
        ((result(Status.PASS), result(Status.FAIL, "nan-inputs")), DIFFERS),
        ((result(Status.PASS), result(Status.EXPECTED_FAIL, "nan-inputs")), KNOWN),
        ((result(Status.FAIL),), UNTOLD),
        ((result(Status.UNSUPPORTED),), UNTOLD),
        ((result(Status.CRASH),), UNTOLD),
    ],
)
def test_what_becomes_of_an_edge(outputs: tuple[OutputResult, ...], state: str) -> None:
    """Kept only where something was compared there, and no value was wrong."""
    (edge,) = levels.edges_of([case("g/a", *outputs)])
    assert (edge.name, edge.state, edge.cases) == ("nan-inputs", state, 1)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ((), ""),
        ((UNTOLD,), ""),
        ((KEPT,), "the 1 edge tried is kept"),
        ((KEPT, KEPT), "all 2 edges kept"),
        ((KEPT, DIFFERS), "1 of 2 edges differs: NaN inputs"),
        ((DIFFERS, DIFFERS), "2 of 2 edges differ: empty batch, NaN inputs"),
        ((KNOWN, KEPT), "1 of 2 edges differs, as known: empty batch"),
        ((DIFFERS,), "1 of 1 edge differs: empty batch"),
    ],
)
def test_edges_in_a_few_words(states: tuple[str, ...], words: str) -> None:
    """The verdict line says how many differ, of how many that were tried, and which."""
    names = ("empty-batch", "nan-inputs")
    found = [EdgeFound(name=n, state=s, cases=1) for n, s in zip(names, states, strict=False)]
    assert levels.words(found) == words
