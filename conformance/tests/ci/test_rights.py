"""Tests of who may do what in the workflows, and of the script that has the token."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.tests.ci.workflows import CHECKOUT, Runner, every_job, workflow
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

TOKEN = "ghs_a1B2c3D4e5"  # noqa: S105 - it opens nothing
PINNED = re.compile(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
WRITERS = {"nightly/keep": {"contents"}, "nightly/pages": {"pages", "id-token"}}
"""The jobs that may write anything, and what."""


def writes(job: dict[str, Any]) -> set[str]:
    """What a job may write."""
    return {name for name, right in job["permissions"].items() if right != "read"}


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A machine with a copy of the checkout."""
    return Runner(tmp_path_factory.mktemp("rights"))


def entry(place: Path, folder: str, content: str, stem: str = "") -> Path:
    """A file of a history, named after its content."""
    name = f"{stem}{hashlib.sha256(content.encode()).hexdigest()[:16]}.parquet"
    file = place / folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def test_no_workflow_has_a_right_and_each_job_the_least() -> None:
    """Nothing at the top, reading below, and writing in two jobs that run no framework."""
    for file in WORKFLOWS:
        assert workflow(file.stem)["permissions"] == {}, file.name
    may = {name: writes(job) for name, job in every_job() if writes(job)}
    assert may == WRITERS


def test_what_may_write_runs_nothing_that_came_from_elsewhere() -> None:
    """Those jobs install nothing, run no Python, and not in a fork."""
    jobs = dict(every_job())
    for name in WRITERS:
        job = jobs[name]
        assert "!github.event.repository.fork" in job["if"]
        assert not any("setup-python" in step.get("uses", "") for step in job["steps"])
        runs = [step["run"] for step in job["steps"] if "run" in step]
        assert runs in ([], ["ci/history.sh save history new"])


def test_a_token_is_given_to_the_script_of_the_history_alone() -> None:
    """No other step has one, and no checkout leaves one behind."""
    for name, job in every_job():
        assert "env" not in job, name
        for step in job["steps"]:
            if "token" in str(step.get("env", {})).lower():
                assert step["run"].startswith("ci/history.sh "), name
            if "checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False, name


def test_every_action_is_pinned_by_its_digest() -> None:
    """Forty hexadecimal digits and, as a comment, their version; one for each action."""
    texts = [file.read_text(encoding="utf-8") for file in WORKFLOWS]
    used = [line for text in texts for line in re.findall(r"uses: (?!\./)(.*)", text)]
    assert len(used) > 20
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    assert len({line.split("@")[0] for line in used}) == len(set(used))


@pytest.mark.parametrize("name", ["tox", "lint", "audit"])
def test_every_requirement_of_a_tool_has_its_digests(name: str) -> None:
    """Where one has any, pip refuses what has none; the tools are those of the source."""
    home = CHECKOUT / "ci" / "requirements"
    text = (home / f"{name}.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^(\S+==\S+) \\\n +--hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 4
    wanted = (home / f"{name}.in").read_text(encoding="utf-8").splitlines()
    assert {line for line in wanted if not line.startswith("#")} <= set(pins)


def test_two_jobs_that_send_at_once_lose_nothing(runner: Runner, tmp_path: Path) -> None:
    """What the other one sent meanwhile is kept, and what is there already is not sent again."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    runner.remote, kept = remote, runner.remote
    for name in ("first", "second"):
        entry(tmp_path / f"new-{name}", "results/2026", name)
    for number, name in enumerate(("first", "second", "second")):
        line = f"ci/history.sh save {tmp_path / str(number)} {tmp_path / f'new-{name}'}"
        done = runner.run({"run": line})
        assert done.returncode == 0, done.stderr
    assert "nothing new" in done.stdout
    assert runner.run({"run": f"ci/history.sh restore {tmp_path / 'all'}"}).returncode == 0
    assert len(list((tmp_path / "all" / "results" / "2026").iterdir())) == 2
    runner.remote = kept


def test_of_what_a_column_left_only_files_of_a_history_are_sent(
    runner: Runner, tmp_path: Path
) -> None:
    """Names outside, links, hooks, scripts, wrong digests and other content of a name are left."""
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    runner.remote, kept = remote, runner.remote
    new = tmp_path / "new"
    right = [
        entry(new, "runs/2026", "a run", "2026-11-25T030000Z-"),
        entry(new, "results/2026", "results"),
        entry(new, "cases", "cases", "7a8c0facbe7787e4-"),
    ]
    entry(new, "results/2026", "right name").write_text("other content")
    entry(new, "elsewhere/2026", "elsewhere")
    entry(new, "results/2026/deeper", "deeper")
    entry(new, "results/20x6", "no year")
    entry(new, ".git/hooks", "hook")
    for name in (".github/workflows/evil.yml", ".gitattributes", "results/2026/run.sh"):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text("evil")
    (new / "results" / "2026" / f"{'0' * 16}.parquet").symlink_to("/etc/passwd")
    done = runner.run({"run": f"ci/history.sh save {tmp_path / 'work'} {new}"})
    assert done.returncode == 0, done.stderr
    asked = ["git", "-C", str(remote), "ls-tree", "-r", "--name-only", "history"]
    sent = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(sent) == sorted(str(file.relative_to(new)) for file in right)
    runner.remote = kept


def test_the_token_is_in_no_file_and_on_no_command_line(runner: Runner, tmp_path: Path) -> None:
    """Git gets it from the environment of the script; the clone and the remote do not know it."""
    remote, spy, log = tmp_path / "remote.git", tmp_path / "spy", tmp_path / "log"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], check=True)
    runner.remote, kept = remote, runner.remote
    spy.mkdir()
    (spy / "git").write_text(
        "#!/bin/sh\n"
        f'printf "%s\\n" "$*" >> {log}\n'
        f'printf "%s %s\\n" "$GIT_CONFIG_KEY_0" "$GIT_CONFIG_VALUE_0" >> {log}.told\n'
        f'test -z "$TOKEN" || echo TOKEN >> {log}\n'
        'PATH=${PATH#*:} exec git "$@"\n'
    )
    (spy / "git").chmod(0o755)
    entry(tmp_path / "new", "results/2026", "results")
    line = f"PATH={spy}:$PATH ci/history.sh save {tmp_path / 'work'} {tmp_path / 'new'}"
    done = runner.run({"run": line, "env": {"TOKEN": ""}}, TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    told = Path(f"{log}.told").read_text()
    assert told.startswith("http.https://github.com/.extraheader AUTHORIZATION: basic ")
    encoded = told.split()[3]
    for secret in (TOKEN, encoded, "TOKEN"):
        assert secret not in log.read_text()
        assert secret not in done.stdout + done.stderr
    for place in (tmp_path / "work", remote):
        for file in (f for f in place.rglob("*") if f.is_file()):
            assert TOKEN.encode() not in file.read_bytes()
            assert encoded.encode() not in file.read_bytes()
    runner.remote = kept


def test_the_header_is_sent_to_the_server_of_the_workflow_alone(tmp_path: Path) -> None:
    """Git says of it what it would send where: to another server nothing."""
    config = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_0": "AUTHORIZATION: basic x",
    }
    for url, wanted in (("https://github.com/a/b.git", 0), ("https://example.org/a/b.git", 1)):
        asked = ["git", "config", "--get-urlmatch", "http.extraheader", url]
        done = subprocess.run(asked, cwd=tmp_path, env={**os.environ, **config}, check=False)
        assert done.returncode == wanted
