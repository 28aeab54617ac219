"""A kernel takes no more than its share, and nothing that it starts outlives the check."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import conformance
from conformance.checking.report import Report
from conformance.harness.shield import near
from conformance.tests.harness.shield.attacks import Attack, kernel
from conformance.tests.harness.shield.disruptive import FILLING, GREEDY, MULTIPLYING, OUTLIVING
from conformance.tests.harness.shield.test_attacks import require_on
from conformance.verdict.record import Status

CASE = "dense/train-float32"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the keeper is written for Linux")


def checked(
    text: str, folder: Path, *, word: str = "", memory_gib: float = 0.5, timeout: float = 20
) -> Report:
    """The report on a kernel that does something before every answer."""
    known = {"WAIT": f"sleep 599; : {word}", "STOP": str(folder / "stop"), "KEPT": []}
    file = folder / "attacker.py"
    file.write_text(kernel({"it": Attack(text=f"{text.rstrip()}\n")}, known))
    return conformance.check(
        f"{file}:batch_norm", case=CASE, timeout=timeout, memory_gib=memory_gib, fresh=False
    )


def reason(report: Report) -> str:
    """Why the one case has no answer."""
    return report.cases[0].outputs["y"].reason or ""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches soon."""
    limits = replace(near.LIMITS, disk_bytes=128 << 20, processes=40)
    monkeypatch.setattr(near, "LIMITS", limits)


@pytest.fixture(params=["all", "without namespaces and Landlock"])
def means(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With everything that the system has, and with what every Linux has."""
    if request.param != "all":
        monkeypatch.setattr(near, "LEFT_OUT", frozenset({"namespaces", "mounts", "landlock"}))
    return str(request.param)


def left_behind(word: str) -> list[str]:
    """Processes whose command holds a word."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            said = command.read_bytes()
        except OSError:  # it is gone
            continue
        if word.encode() in said and command.parent.name != str(os.getpid()):
            found.append(f"{command.parent.name}: {said!r}")
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Temporary folders of workers are gone afterwards."""
    yield
    ours = Path(tempfile.gettempdir()).glob(f"conformance-worker-{os.getpid()}-*")
    assert not list(ours)


@pytest.mark.parametrize("name", GREEDY)
def test_memory_counts_whatever_it_is(name: str, tmp_path: Path) -> None:
    """Memory of children and shared memory count like a kernel's own, up to one limit."""
    report = checked(GREEDY[name], tmp_path)
    require_on(report, "keeper", "namespaces")
    assert not report.conforms
    said = reason(report)
    assert "GiB of memory" in said or "MemoryError" in said or "No space left" in said, said
    assert not list(Path("/dev/shm").glob("held-by-a-kernel-*"))  # noqa: S108 - its own


@pytest.mark.parametrize("name", ["private memory", "children's memory", "memory without a name"])
def test_memory_counts_without_namespaces_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper counts memory of children and nameless files on every Linux."""
    monkeypatch.setattr(near, "LEFT_OUT", frozenset({"namespaces", "mounts", "landlock"}))
    report = checked(GREEDY[name], tmp_path)
    assert not report.conforms
    said = reason(report)
    assert "GiB of memory" in said or "MemoryError" in said, said


@pytest.mark.parametrize("name", FILLING)
@pytest.mark.usefixtures("small", "means")
def test_a_disk_is_not_filled(name: str, tmp_path: Path) -> None:
    """More bytes or files than the budget end the worker, or are refused to it, by name."""
    report = checked(FILLING[name], tmp_path, timeout=60)
    assert not report.conforms
    assert "GiB to disk" in reason(report) or "File too large" in reason(report), reason(report)


@pytest.mark.parametrize("name", MULTIPLYING)
@pytest.mark.usefixtures("small")
def test_processes_are_counted(name: str, tmp_path: Path) -> None:
    """Too many processes end the worker, by name, and all of them end with it."""
    report = checked(MULTIPLYING[name], tmp_path, timeout=120)
    require_on(report, "namespaces")
    assert not report.conforms
    assert "processes at a time" in reason(report), reason(report)
    assert not left_behind(str(tmp_path / "attacker.py"))


@pytest.mark.parametrize("name", OUTLIVING)
def test_nothing_outlives_a_check(name: str, means: str, tmp_path: Path) -> None:
    """Whatever a kernel starts and however it hides it, it is gone when the check is over."""
    word = f"outliving-{os.getpid()}-{time.monotonic_ns()}"
    begun = time.monotonic()
    report = checked(OUTLIVING[name], tmp_path, word=word, timeout=4)
    assert time.monotonic() - begun < 30
    assert report.cases[0].outputs["y"].status in {Status.PASS, Status.CRASH, Status.TIMEOUT}
    deadline = time.monotonic() + 5  # what is killed is listed until it is taken note of
    while left_behind(word) and time.monotonic() < deadline:
        time.sleep(0.05)
    (tmp_path / "stop").touch()
    assert not left_behind(word), means
    assert not left_behind(str(tmp_path / "attacker.py")), means
