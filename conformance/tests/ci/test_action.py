"""Tests of the action with which another repository checks its own kernel."""

from __future__ import annotations

import json
import venv
from pathlib import Path

import pytest
import yaml

from conformance.tests.ci.workflows import Runner, commands
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

KERNEL = '''
def batch_norm(x, gamma, beta, *, eps):
    """Training over the leading axes of 2-axis inputs."""
    return {"y": gamma * (x - x.mean(0)) / (x.var(0%s) + eps) ** 0.5 + beta}

batch_norm.conformance = {"ranks": [2], "dtypes": ["float64"]}
'''


@pytest.mark.long
def test_a_kernel_of_another_repository_is_checked(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """The steps of action.yml: a right kernel passes, a wrong one fails with its diagnosis."""
    runner = Runner(tmp_path_factory.mktemp("action"))
    home = runner.root / "ci" / "check-kernel"
    action = yaml.safe_load((home / "action.yml").read_text(encoding="utf-8"))
    install, check = commands(action["runs"]["steps"])
    venv.EnvBuilder(with_pip=True).create(tmp_path / "venv")
    values = {
        "GITHUB_ACTION_PATH": str(home),
        "PYTHON": str(tmp_path / "venv" / "bin" / "python"),
        "PYTHONPATH": "",
    }
    done = runner.run(install, **values)
    assert done.returncode == 0, done.stderr
    defaults = action["inputs"]
    for ddof, status in (("", 0), (", ddof=1", 1)):
        (runner.root / "kernel.py").write_text(KERNEL % ddof)
        done = runner.run(
            check, **values, KERNEL="kernel.py:batch_norm", TIER=defaults["tier"]["default"],
            OPTIONS=defaults["options"]["default"],
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        report = json.loads((runner.folder / "conformance.json").read_text())
        assert report["conforms"] == (status == 0)
    assert "unbiased-var-in-normalise" in runner.summary.read_text()
    assert f"report={runner.folder / 'conformance.json'}" in runner.output.read_text()
