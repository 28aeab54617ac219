"""Which protections were on is said in every report, and not by the kernel."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance.checking import statement
from conformance.harness import run as runner
from conformance.harness.session import Session
from conformance.harness.shield import near
from conformance.harness.shield.protections import NAMES, SWITCH, Protections, none
from conformance.tests.checking.kernels import RIGHT

CASE = "dense/train-float32"


@pytest.fixture
def right(tmp_path: Path) -> str:
    """A kernel that conforms."""
    file = tmp_path / "right.py"
    file.write_text(RIGHT)
    return str(file)


def test_a_report_says_each_protection(right: str) -> None:
    """Report, JSON and statement name every protection as on, or as off with a reason."""
    report = conformance.check(right, case=CASE, fresh=False)
    assert tuple(report.protections) == NAMES
    assert json.loads(report.to_json())["protections"] == dict(report.protections)
    assert statement.make(report)["protections"] == dict(report.protections)


def test_what_is_off_is_a_line_of_the_text(right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A protection that is off is said with its reason, and nothing is said where all are on."""
    report = conformance.check(right, case=CASE, fresh=False)
    lines = [line for line in str(report).splitlines() if line.startswith("shield: ")]
    assert bool(lines) == bool(Protections(states=report.protections).off)
    monkeypatch.setattr(near, "LEFT_OUT", frozenset({"landlock"}))
    assert "shield: landlock off: left out" in str(conformance.check(right, case=CASE, fresh=False))


def test_a_run_record_says_it() -> None:
    """The environment of a run record has all protections in one fact."""
    (column, *_) = runner.columns("textbook")
    assert column.protections.startswith("on: ")
    (record,) = runner.run([column], [CASE])
    assert record.environment["protections"] == column.protections


@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_shield_can_be_taken_away_and_that_is_said(right: str, way: str) -> None:
    """Without the shield a kernel is checked as before, and the report says that there was none."""
    words = [sys.executable, "-m", "conformance", "check", right, "--case", CASE]
    done = subprocess.run(
        [*words, *(["--no-shield"] if way == "option" else [])],
        env={**os.environ, **({SWITCH: "off"} if way == "variable" else {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"imports off: {SWITCH}=off (see docs/trust.md)" in done.stdout


def test_a_kernel_does_not_say_what_is_on(tmp_path: Path) -> None:
    """The pipe on which a worker says it is closed before the kernel is loaded."""
    file = tmp_path / "liar.py"
    file.write_text(
        "import os\n"
        "for number in range(3, 100):\n"
        "    try:\n"
        '        os.write(number, b\'{"on": {"landlock": "on: forged"}}\\n\')\n'
        '        os.write(number, b\'{"ended": "forged"}\\n\')\n'
        "    except OSError:\n"
        "        pass\n" + RIGHT
    )
    try:
        report = conformance.check(str(file), case=CASE, fresh=False, timeout=10)
    except conformance.ConformanceError as error:
        assert "forged" not in str(error)  # noqa: PT017 - it is no message, which is as good
        return
    assert "forged" not in repr(report.protections)


def test_what_one_worker_changes_reaches_no_other(tmp_path: Path) -> None:
    """Neither the grader nor the next worker sees what a kernel did to its own process."""
    file = tmp_path / "changing.py"
    file.write_text(
        "import os, sys\n"
        "assert 'CHANGED' not in os.environ\n"
        "os.environ.update(CHANGED='1', LD_PRELOAD='/nowhere.so', PYTHONPATH='/nowhere')\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'Block' not in type(f).__name__]\n"
        "sys.settrace(lambda *_: None)\n" + RIGHT
    )
    for _ in range(2):
        assert conformance.check(str(file), case=CASE, fresh=False).conforms
    assert "CHANGED" not in os.environ


def test_a_worker_is_started_anew_and_not_forked() -> None:
    """A worker's memory begins empty: it is another program, not a copy of the one that judges."""
    secret = f"secret-{os.getpid()}"
    with Session("textbook") as session:
        session.describe()
        process = session._talk._life._process
        assert process is not None
        assert b"shield.launch" in Path(f"/proc/{process.pid}/cmdline").read_bytes() or (
            sys.platform != "linux"
        )
        assert secret.encode() not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_protections_are_told_in_a_line() -> None:
    """What is on and what is off, with reasons that several share said once."""
    states = {**none("no means").states, "imports": "on", "landlock": "on: 7"}
    told = Protections(states=states)
    assert told.line.startswith("on: landlock (7), imports; off: grader (no means), ")
    assert told.warning == "grader, keeper, namespaces, mounts, privileges, limits off: no means"
    assert not Protections(states=dict.fromkeys(NAMES, "on")).warning
    assert dataclasses.is_dataclass(told)
