"""Switches and probes: what a path is on the machine at hand; the paths are in data/switched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Case, Problem
from conformance.cases import golden
from conformance.errors import AdapterError, ExpectationError
from conformance.harness import run, worker
from conformance.harness.session import Session
from conformance.oracle import solve
from conformance.tests.oracle.by_hand import make
from conformance.verdict.record import CaseResult, RunRecord, Status

SWITCHED = str(Path(__file__).parents[1] / "data" / "switched" / "adapter.py")
SWITCH, ASKED = "CONFORMANCE_TEST_SWITCH", "CONFORMANCE_TEST_ASKED"


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with the adapter of switches."""
    with Session(SWITCHED) as opened:
        yield opened


@pytest.fixture
def case() -> Case:
    """Any case in float32."""
    inputs = make((6, 4), np.float32)
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def switch_seen(session: Session, path: str, case: Case) -> float:
    """How the switch stood when the worker of a path imported its framework."""
    answer = session.run(path, case)
    assert answer.status == "ok", answer.reason
    return float(answer.outputs["mean"][0])


def record_of(path: str) -> tuple[RunRecord, CaseResult]:
    """The record of a path on one case."""
    ids = golden.select("dense/train-float32")
    (done,) = run.run(run.columns(f"{SWITCHED}:{path}"), ids)
    return done, done.cases[0]


@pytest.mark.parametrize("outside", ["7", None])
def test_a_switch_is_set_by_the_path_whatever_is_outside(
    session: Session, case: Case, monkeypatch: pytest.MonkeyPatch, outside: str | None
) -> None:
    """Each path is imported under its own switch, in any order of the calls."""
    if outside is not None:
        monkeypatch.setenv(SWITCH, outside)
    order = ("one", "two", "two", "one")
    assert [switch_seen(session, path, case) for path in order] == [1.0, 2.0, 2.0, 1.0]


def test_what_a_path_does_not_set_is_inherited(
    session: Session, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch of one path does not stay for the next."""
    monkeypatch.setenv(SWITCH, "7")
    assert switch_seen(session, "two", case) == 2.0
    assert switch_seen(session, "inherits", case) == 7.0


def test_a_known_switch_saves_a_start(case: Case) -> None:
    """A session that is told the switches of its path starts one worker."""
    with Session(SWITCHED, switches={SWITCH: "2"}) as session:
        session.describe()
        first = session._talk._life
        assert switch_seen(session, "two", case) == 2.0
        assert session._talk._life is first


def test_a_worker_without_the_switch_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path never runs under another switch than its own, whoever starts the worker."""
    monkeypatch.setenv(SWITCH, "9")
    loaded = adapter.load(SWITCHED)
    with pytest.raises(AdapterError, match=r"path 'one' has .*SWITCH = '9', '1' was wanted"):
        worker._serve(loaded, {"do": "run", "path": "one"}, {}, {})


def test_a_reproduction_sets_the_switch_first(session: Session, case: Case) -> None:
    """A stranger's process runs the path that failed, and no other."""
    program = session.reproduce("two", case.inputs, "mean")
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert said.stdout.split() == [b"2", b"two"]


@pytest.mark.parametrize(
    "switches", [{"A=B": "1"}, {"": "1"}, {"A": "\0"}, {"A": 1}, {1: "A"}], ids=str
)
def test_a_switch_that_is_none_is_refused(tmp_path: Path, switches: object) -> None:
    """What no process can be started with is named when the adapter loads."""
    file = tmp_path / "adapter.py"
    text = Path(SWITCHED).read_text().replace('switches={SWITCH: "2"}', f"switches={switches!r}")
    file.write_text(text)
    with pytest.raises(AdapterError, match="path 'two' has the switch"):
        adapter.load(str(file))


def test_the_record_keeps_the_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record tells what the path set, and what was set outside and counts."""
    monkeypatch.setenv(SWITCH, "7")
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    done, _ = record_of("two")
    assert done.environment["switches"] == f"{SWITCH}=2"
    assert "ATEN_CPU_CAPABILITY=avx2" in done.environment["settings"]
    inherits, _ = record_of("inherits")
    assert "switches" not in inherits.environment


def test_what_the_machine_lacks_is_unsupported_as_found() -> None:
    """A refusal of a probe is unsupported with its reason, and a fact of the record."""
    done, result = record_of("unable")
    reason = "on this machine: the kernel: no such instruction"
    assert {(o.status, o.reason) for o in result.outputs.values()} == {(Status.UNSUPPORTED, reason)}
    assert done.environment["lacking"] == "the kernel: no such instruction"


def test_what_the_machine_has_is_compared() -> None:
    """A probe that works changes nothing, and neither does one that asks about other calls."""
    for path in ("able", "elsewhere"):
        done, result = record_of(path)
        assert result.outputs["mean"].status is Status.FAIL
        assert "lacking" not in done.environment


def test_single_outputs_may_be_lacking() -> None:
    """The other outputs of the call are compared."""
    done, result = record_of("partly")
    assert result.outputs["mean"].status is Status.FAIL
    assert result.outputs["var"].status is Status.UNSUPPORTED
    assert str(result.outputs["var"].reason).startswith("on this machine: ")
    assert result.outputs["dx"].reason == "not returned"
    assert done.environment["lacking"] == "the kernel: no such instruction"


def test_an_output_that_comes_back_is_compared_whatever_a_probe_said() -> None:
    """A probe cannot hide a wrong answer."""
    done, result = record_of("returns")
    assert result.outputs["mean"].status is Status.FAIL
    assert "lacking" not in done.environment


def test_a_probe_that_fails_is_an_error() -> None:
    """An exception is no answer: red, and named."""
    done, result = record_of("broken")
    assert {o.status for o in result.outputs.values()} == {Status.ERROR}
    assert "the probe 'the kernel' raised RuntimeError: boom" in str(result.outputs["y"].reason)
    assert done.red


def test_a_probe_is_asked_once(
    session: Session, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a machine can do is tried once in a worker, however many calls it concerns."""
    monkeypatch.setenv(ASKED, str(tmp_path / "asked"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))  # a worker may write among caches alone
    for _ in range(3):
        assert session.run("unable", case).status == "unsupported"
    assert (tmp_path / "asked").read_text() == "asked\n"


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A copy of the adapter, which fails on machines with a trait and is known to."""
    file = tmp_path / "adapter.py"
    file.write_text(Path(SWITCHED).read_text())
    entry = "[[expect]]\npaths = ['two']\ncases = ['dense/*']\nreason = '-'\nwhere = 'told'\n"
    file.with_name("expectations.toml").write_text(entry)
    return file


@pytest.mark.parametrize(("shown", "status"), [("yes", Status.EXPECTED_FAIL), ("no", Status.FAIL)])
def test_a_known_failure_may_be_of_some_machines_alone(
    known: Path, monkeypatch: pytest.MonkeyPatch, shown: str, status: Status
) -> None:
    """On a machine that does not show the trait the entry says nothing, and a failure is red."""
    monkeypatch.setenv("CONFORMANCE_TEST_TRAIT", shown)
    (done,) = run.run(run.columns(f"{known}:two"), golden.select("dense/train-float32"))
    assert done.cases[0].outputs["mean"].status is status
    told = {"yes": "always; told", "no": "always; no told"}[shown]
    assert done.environment["traits"] == told


def test_a_trait_that_nobody_knows_is_refused(known: Path) -> None:
    """A misspelled trait would silence an entry: it stops the run, with the known ones."""
    file = known.with_name("expectations.toml")
    file.write_text(file.read_text().replace("'told'", "'no tld'"))
    with pytest.raises(ExpectationError, match=r"'no tld' names no trait .*\['always', 'told'\]"):
        run.columns(f"{known}:two")


def test_a_trait_that_cannot_be_found_out_is_named(tmp_path: Path) -> None:
    """An exception is neither yes nor no."""
    file = tmp_path / "adapter.py"
    file.write_text(Path(SWITCHED).read_text().replace("lambda: True", "lambda: 1 / 0"))
    with pytest.raises(AdapterError, match=r"trait 'always' .* raised ZeroDivisionError"):
        run.columns(str(file))
