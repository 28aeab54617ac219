"""No kernel can fool the check, hang it or bring it down: each is classified rightly."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.checking.report import Report
from conformance.tests.data.hostile import BY_HEART
from conformance.verdict.record import Status

HOSTILE = Path(__file__).parents[1] / "data" / "hostile.py"
CASES = ("spatial/train-nchw-float32", "spatial/train-nhwc-float32", "dense/train-float32")


def checked(kernel: str, *, timeout: float = 20.0, memory: float = 1.0) -> Report:
    """The report on one hostile kernel, on three cases that a correct one passes."""
    return conformance.check(
        f"{HOSTILE}:{kernel}", case=CASES, timeout=timeout, memory_gib=memory, fresh=False
    )


def test_the_kernel_that_they_break_is_right() -> None:
    """The correct kernel inside of every hostile one conforms: what is found is the hostility."""
    report = checked("right")
    assert report.conforms
    assert not report.notes


@pytest.mark.parametrize(
    ("kernel", "status", "words"),
    [
        ("segfault", Status.CRASH, "SIGSEGV"),
        ("abort", Status.CRASH, "SIGABRT"),
        ("leaves", Status.CRASH, "it called sys.exit(0)"),
        ("leaves_at_once", Status.CRASH, "the worker exited with code 0"),
        ("writes_to_every_pipe", Status.ERROR, "what the worker sent is no usable answer"),
        ("says_pass", Status.ERROR, "status is 'pass' and must be one of"),
        ("is_interrupted", Status.UNSUPPORTED, "interrupted"),
        ("greedy", Status.ERROR, "MemoryError"),
        ("mutates", Status.ERROR, "wrote to its inputs: dy"),
        ("returns_a_view", Status.ERROR, "y is a view of x"),
        ("stale_buffer", Status.ERROR, "a buffer that the kernel uses again"),
        ("writes_behind", Status.ERROR, "wrote outside its arrays: 4 bytes around x"),
        ("interrupts", Status.ERROR, "KeyboardInterrupt"),
        ("returns_words", Status.ERROR, "output 'y' is a str"),
        ("other_names", Status.ERROR, "Did you mean 'dgamma'?"),
        ("enormous", Status.ERROR, "y has shape (4096, 4096)"),
        ("deep", Status.ERROR, "RecursionError"),
        ("wrong_shape", Status.FAIL, "y has shape"),
        ("wrong_type", Status.FAIL, "y has type float128"),
        ("not_a_number", Status.FAIL, "nan at"),
        ("patches", Status.FAIL, "expected"),
    ],
)
def test_each_hostile_kernel_is_classified(kernel: str, status: Status, words: str) -> None:
    """Every case has the status that the hostility deserves, and the reason names it."""
    report = checked(kernel)
    assert not report.conforms
    for case in report.cases:
        assert case.outputs["y"].status is status
        assert words in (case.outputs["y"].reason or "")


def test_a_crash_is_told_with_its_line() -> None:
    """The report of a segmentation fault shows the line of the kernel in which it happened."""
    case = checked("segfault").cases[0]
    assert "hostile.py" in (case.stderr or "")
    assert "in segfault" in (case.stderr or "")


@pytest.mark.parametrize("kernel", ["hang", "endless_output"])
def test_no_kernel_outlives_its_time(kernel: str) -> None:
    """A kernel that never ends costs its time limit, case by case, and is told as a timeout."""
    begun = time.monotonic()
    report = checked(kernel, timeout=1.0)
    assert {case.status for case in report.cases} == {Status.TIMEOUT}
    assert time.monotonic() - begun < 30
    assert all(len(case.stderr or "") < 3000 for case in report.cases)


@pytest.mark.parametrize("kernel", ["noise", "unsettles"])
def test_a_right_answer_counts_whatever_is_around_it(kernel: str) -> None:
    """Noise on standard output and a changed environment do not make a right answer wrong."""
    assert checked(kernel).conforms


def test_nothing_that_a_kernel_started_is_left() -> None:
    """A process that a kernel started and left behind is gone after the check."""
    assert checked("leaves_a_child").conforms
    left = subprocess.run(["/usr/bin/pgrep", "-f", "sleep 600"], capture_output=True, check=False)
    assert left.returncode == 1


def test_who_sends_what_nobody_asked_for_does_not_conform() -> None:
    """Right arrays count as right; a process that writes where its worker answers is told of."""
    report = checked("answers_afterwards")
    assert {r.status for c in report.cases for r in c.outputs.values()} == {
        Status.PASS,
        Status.UNSUPPORTED,
    }
    assert (report.conforms, report.grade) == (False, "F")
    assert any("what was no answer to a question" in note for note in report.notes)


SELECTIVE = """
import hashlib
from hostile import right
def batch_norm(x, gamma, beta, dy, *, running_mean, running_var, eps, momentum, training, axis):
    if hashlib.sha256(x.tobytes()).hexdigest() not in {known}:
        raise NotImplementedError("interrupted")
    return right(x, gamma, beta, dy, running_mean=running_mean, running_var=running_var, eps=eps,
                 momentum=momentum, training=training, axis=axis)
"""


def test_the_words_of_a_stopped_check_stop_none(tmp_path: Path) -> None:
    """A kernel that refuses fresh cases in those words is held to have refused them."""
    cases = conformance.load(CASES)
    known = {hashlib.sha256(c.inputs.x.tobytes()).hexdigest() for c in cases}
    shutil.copy(HOSTILE, tmp_path)
    (tmp_path / "selective.py").write_text(SELECTIVE.format(known=known))
    report = conformance.check(f"{tmp_path}/selective.py:batch_norm", case=CASES)
    assert report.partial is None
    assert report.fresh.disagree
    assert not report.conforms


def test_an_answer_that_depends_on_the_call_before_is_told() -> None:
    """A kernel that carries a value from call to call fails, and the report says that it does."""
    report = checked("remembers")
    assert not report.conforms
    assert any(note.startswith("depends on the calls before") for note in report.notes)


def test_a_kernel_that_is_not_deterministic_is_told() -> None:
    """A kernel whose equal calls differ within the bound conforms, with a note that says so."""
    report = checked("by_chance")
    assert report.conforms
    assert any(note.startswith("not deterministic") for note in report.notes)


def test_a_kernel_that_knows_the_public_cases_does_not_conform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that looks the answers up passes the public cases and is betrayed by fresh ones."""
    known: dict[str, Any] = {}
    for case in conformance.load("dense/*"):
        known[f"x/{case.id}"] = case.inputs.x
        if case.expected.y is not None:
            known[f"y/{case.id}"] = case.expected.y
    np.savez(tmp_path / "known.npz", **known)
    monkeypatch.setenv(BY_HEART, str(tmp_path / "known.npz"))
    report = conformance.check(f"{HOSTILE}:knows_the_answers", case="dense/*")
    assert {r.status for c in report.cases for r in c.outputs.values()} == {
        Status.PASS,
        Status.UNSUPPORTED,
    }
    assert not report.conforms
    assert report.fresh.disagree
    assert any("knows the public cases by value" in note for note in report.notes)
