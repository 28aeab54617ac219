"""Commands that are stopped half way, and commands whose reader goes away, as real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.errors import RecordError
from conformance.tests.checking.kernels import RIGHT, WRONG
from conformance.tests.commands.stopping import all_gone, reached, start
from conformance.verdict import record_file
from conformance.verdict.known import outputs
from conformance.verdict.record import Status

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")

FILES = ("--out", "report.json", "--statement", "statement.json")
SIGNALS = [("SIGINT", 130, "Ctrl-C"), ("SIGTERM", 143, "SIGTERM")]


@pytest.mark.parametrize(("name", "status", "word"), SIGNALS)
def test_a_stopped_check_keeps_what_it_found_as_partial(
    tmp_path: Path, name: str, status: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Report and statement are written and printed, say that they are partial, and verify not."""
    process = start(tmp_path, "check", "hanging.py", "--no-fresh", *FILES)
    workers = reached(tmp_path, process)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert out.startswith(f"PARTIAL (stopped by {word} after ")
    assert f"conformance check: stopped by {word} before it was done" in err
    assert "Traceback" not in err
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert word in report["partial"]
    assert (report["conforms"], report["grade"]) == (False, None)
    left = [o for case in report["cases"] for o in case["outputs"].values()]
    assert {o["status"] for o in left} >= {"pass", "not-run"}
    assert main(["verify", str(tmp_path / "statement.json")]) == 2
    assert "statement.json is PARTIAL" in capsys.readouterr().err
    assert all_gone(workers)


@pytest.mark.parametrize(("name", "status", "word"), SIGNALS)
def test_a_stopped_run_writes_records_that_no_one_takes_for_whole(
    tmp_path: Path, name: str, status: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every column has a partial record; matrix tells it, history and expectations refuse it."""
    process = start(tmp_path, "run", "adapter.py", "--records", "records", "--jobs", "1")
    workers = reached(tmp_path, process)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert out.count("PARTIAL (stopped by") == 2
    assert all_gone(workers)
    records = tmp_path / "records"
    for path in ("one", "two"):
        done = record_file.read(records / "hanging" / f"{path}.json")
        assert done.partial is not None
        assert word in done.partial
        assert done.counts[Status.NOT_RUN] > 1000
        assert not done.counts[Status.CRASH]
    assert main(["matrix", str(records)]) == 1
    assert "PARTIAL: hanging/one" in capsys.readouterr().out
    history = ["--history", str(tmp_path / "history")]
    assert main(["history", "add", str(records), *history]) == 2
    said = capsys.readouterr()
    assert "one.json is PARTIAL" in said.err
    assert "0 run records were given" in said.err
    assert main(["diff", str(records), str(records), *history]) == 2
    assert "is PARTIAL" in capsys.readouterr().err
    with pytest.raises(RecordError, match=r"one\.json is PARTIAL"):
        outputs.seen("hanging", records)


@pytest.mark.parametrize("words", [("check", "hanging.py"), ("run", "adapter.py", "--jobs", "2")])
def test_no_worker_outlives_a_parent_that_is_killed(tmp_path: Path, words: tuple[str, ...]) -> None:
    """SIGKILL of the parent ends its workers, and what these started in turn."""
    process = start(tmp_path, *words)
    workers = reached(tmp_path, process)
    process.kill()
    process.communicate(timeout=60)
    assert all_gone(workers)


def test_a_group_that_is_killed_takes_its_workers_along(tmp_path: Path) -> None:
    """What kills the parent with its whole process group ends the workers too."""
    check = f"NUMBA_CACHE_DIR={tmp_path} {sys.executable} -m conformance check hanging.py"
    shell = f"cd {tmp_path} && {check} & wait"
    start(tmp_path, "--version").communicate(timeout=60)  # writes the kernel
    process = subprocess.Popen(["sh", "-c", shell], start_new_session=True, text=True)
    workers = reached(tmp_path, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert all_gone(workers)


def test_ctrl_c_in_the_first_second_leaves_no_traceback(tmp_path: Path) -> None:
    """While modules are being loaded it is one line, or the signal's own end, and never a trace."""
    code = (
        "import os, signal, sys\n"
        "from conformance.cli import main\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == sys.argv[1]:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.exit(main(['list', 'cases']))\n"
    )
    for module in ("conformance.commands.door", "argparse", "numpy", "json"):
        done = subprocess.run(
            [sys.executable, "-c", code, module],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 130, (module, done.stderr)
        assert "Traceback" not in done.stderr
        assert "stopped by Ctrl-C" in done.stderr


@pytest.mark.parametrize(("kernel", "status"), [(RIGHT, 0), (WRONG, 1)])
@pytest.mark.parametrize("how", ["| head -1", "| true", ">&-", "2>&1 | head -1", ">&- 2>&-"])
def test_a_reader_that_leaves_changes_nothing(
    tmp_path: Path, kernel: str, status: int, how: str
) -> None:
    """The files are written and the exit status is that of the verdict, whoever reads the rest."""
    (tmp_path / "kernel.py").write_text(kernel, encoding="utf-8")
    check = f"check kernel.py --case 'spatial/*' --no-fresh --verbose {' '.join(FILES)}"
    line = f"{{ {sys.executable} -m conformance {check}; echo $? > status; }} {how}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert (tmp_path / "status").read_text(encoding="utf-8").strip() == str(status)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["cases"]
    assert (tmp_path / "statement.json").exists()
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """Where what is printed finds no room the command could not run, and says what is full."""
    line = f"{sys.executable} -m conformance list cases > /dev/full"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("conformance list: standard output takes no more: No space left")
    assert done.stderr.count("\n") == 1
