"""The workflows and the action, read; and a copy of the checkout in which their commands run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[3]))

needs_checkout = pytest.mark.skipif(
    not (CHECKOUT / ".github").is_dir() or shutil.which("git") is None,
    reason="the workflows are part of a checkout and want git",
)


def workflow(name: str) -> dict[str, Any]:
    """A workflow, parsed."""
    text = (CHECKOUT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def commands(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps that run a command."""
    return [step for step in steps if "run" in step]


def every_job() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every job that has steps, of every workflow."""
    for file in sorted((CHECKOUT / ".github" / "workflows").glob("*.yml")):
        for name, job in workflow(file.stem)["jobs"].items():
            if "steps" in job:
                yield f"{file.stem}/{name}", job


class Runner:
    """A machine that runs steps as GitHub's would: a shell, an environment, a job summary."""

    def __init__(self, folder: Path) -> None:
        """Copy the checkout into `folder`, as a repository with one commit."""
        self.root, self.summary = folder / "checkout", folder / "summary.md"
        self.output = folder / "output"
        self.remote = folder / "remote.git"
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        told = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True).stdout
        for name in filter(None, told.decode().split("\0")):
            if (CHECKOUT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, self.root / name)
        git = ["git", "-C", str(self.root), "-c", "user.name=a", "-c", "user.email=a@example.org"]
        for step in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
            subprocess.run([*git, *step], check=True)
        subprocess.run(["git", "init", "-q", "--bare", str(self.remote)], check=True)
        (folder / "bin").mkdir()
        python = folder / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        self._path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.folder = folder

    def columns(self, name: str) -> list[str]:
        """What the first job of a workflow tells the one that runs the columns."""
        job = workflow(name)["jobs"]["columns"]
        (step,) = commands(job["steps"])
        self.output.unlink(missing_ok=True)
        self.run(step).check_returncode()
        said = dict(line.split("=", 1) for line in self.output.read_text().splitlines())
        assert job["outputs"]["columns"] == f"${{{{ steps.{step['id']}.outputs.columns }}}}"
        found: list[str] = json.loads(said["columns"])
        return found

    def run(self, step: Mapping[str, Any], **values: str) -> subprocess.CompletedProcess[str]:
        """Run one step; what GitHub would put into its environment comes by name."""
        known = {name: values.get(name, "") for name in step.get("env", {})}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TOX_", "PYTEST_XDIST"))}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.root,
            env={
                **kept,
                **known,
                **values,
                "PATH": self._path,
                "REMOTE": str(self.remote),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(self.output),
                "RUNNER_TEMP": str(self.folder),
            },
            capture_output=True,
            text=True,
            check=False,
        )
