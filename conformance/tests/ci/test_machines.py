"""The emulation of other machines: what changes is counted, what turns red is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.harness.environment import SETTINGS
from conformance.tests.ci.workflows import Runner
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

ENV, FOLDER = "other-framework", "other_framework"

ADAPTER = '''"""Computes a mean as its threads and instructions let it."""
import os
import numpy as np
from conformance.adapter import Adapter, Path, Probe

THREADS, ISA = os.environ.get("OMP_NUM_THREADS"), os.environ.get("ATEN_CPU_CAPABILITY")

def run(inputs):
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    mean = inputs.x.mean(axis=axes)
    if THREADS == "2":
        mean = np.nextafter(mean, np.float32(9))
    return {"mean": mean + (1 if THREADS == "1" else 0)}

HALF = Probe(
    name="mean", concerns=lambda _: True, outputs=("mean",),
    ask=lambda: "no vectors" if ISA == "avx2" else None,
)
LIMITED = lambda inputs: {} if ISA == "avx2" else run(inputs)
PATH = Path(name="only", about="-", run=LIMITED, probes=(HALF,))
if ISA == "default":
    raise RuntimeError("illegal instruction")
ADAPTER = Adapter(name="other_framework", packages=("numpy",), device=lambda: "cpu", paths=(PATH,))
'''


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A copy of the checkout with one more column, which depends on its machine."""
    runner = Runner(tmp_path_factory.mktemp("machines"))
    folder = runner.root / "adapters" / FOLDER
    folder.mkdir()
    (folder / "adapter.py").write_text(ADAPTER)
    (folder / "requirements.txt").write_text("# Nothing but\nnumpy==2.4.6\n")
    (folder / "expectations.toml").write_text("")
    return runner


def ran(runner: Runner, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script in the copy, whose own package it imports."""
    python = ["--python", f"{ENV}={sys.executable}"]
    return subprocess.run(
        [sys.executable, "ci/machines.py", *options, *python, "--case", "dense/train-float32"],
        cwd=runner.root,
        env={**os.environ, "PYTHONPATH": str(runner.root), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(runner: Runner) -> dict[str, dict[str, Any]]:
    """What the script wrote, by setting."""
    told = json.loads((runner.root / "machines" / "machines.json").read_text())
    assert told["schema"] == "conformance/machines/1"
    return {outcome["setting"]: outcome for outcome in told["outcomes"]}


def test_what_a_setting_changes_is_counted(runner: Runner) -> None:
    """Bits, flips, refusals and red are told apart, and anything red is exit status 1."""
    done = ran(runner, ENV)
    assert done.returncode == 1, done.stderr
    found = outcomes(runner)
    # Nothing installs what reads the others, and what is set outside counts nowhere.
    assert list(found) == ["as it is", "one thread", "two threads", "all AVX2", "all SSE4"]
    counted = {
        name: tuple(row[key] for key in ("cases", "bits", "flipped", "lacking"))
        for name, row in found.items()
    }
    assert counted == {
        "as it is": (1, 0, 0, 0),
        "one thread": (1, 1, 1, 0),
        "two threads": (1, 1, 0, 0),
        "all AVX2": (1, 0, 0, 1),
        "all SSE4": (0, 0, 0, 0),
    }
    assert [len(row["red"]) for row in found.values()][:4] == [0, 1, 0, 0]
    assert "only dense/train-float32 mean: fail: " in found["one thread"]["red"][0]
    assert "other-framework, one thread: only dense/train-float32 mean" in done.stdout


def test_a_run_that_leaves_no_record_is_red(runner: Runner) -> None:
    """A framework that does not even start is not silent."""
    done = ran(runner, ENV, "--setting", "all SSE4")
    assert done.returncode == 1
    (why,) = outcomes(runner)["all SSE4"]["red"]
    assert "illegal instruction" in why


def test_nothing_red_is_exit_status_0(runner: Runner) -> None:
    """Other bits and refusals are no failure."""
    done = ran(runner, ENV, "--setting", "two threads", "--setting", "all AVX2")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["nothing"], "no column nothing; choose from"),
        ([ENV, "--setting", "SSE9"], "no setting SSE9; choose from as it is, ATen default"),
        ([ENV, "--python", "python"], "COLUMN=PATH was wanted"),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(
    runner: Runner, options: list[str], told: str
) -> None:
    """A misspelled column, setting or option starts nothing."""
    done = ran(runner, *options)
    assert done.returncode == 2
    assert told in done.stderr


def test_settings_are_those_that_a_record_tells(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every variable that is set is one of those that run records keep."""
    ran(runner, ENV)
    monkeypatch.chdir(runner.root)
    names = {name for row in outcomes(runner).values() for name in row["variables"]}
    assert names >= {"OMP_NUM_THREADS", "ATEN_CPU_CAPABILITY", "XLA_FLAGS"}
    assert [name for name in names if not SETTINGS.fullmatch(name)] == []
    told = Path("machines", ENV, "all-AVX2", FOLDER, "only.json").read_text()
    assert "ONEDNN_MAX_CPU_ISA=AVX2" in json.loads(told)["environment"]["settings"]
