"""Tests of ``conformance check`` and ``conformance doctor`` from the shell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from conformance.cli import main
from conformance.tests.checking.kernels import BIASED, RIGHT, WRONG

SCHEMA = json.loads((resources.files("conformance") / "schemas" / "check.json").read_text())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with three kernels, and the tests in it."""
    for name, text in (("right", RIGHT), ("wrong", WRONG), ("biased", BIASED)):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    command = [sys.executable, "-m", "conformance", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )


@pytest.mark.parametrize(("kernel", "status"), [("right.py", 0), ("wrong.py", 1), ("none.py", 2)])
def test_the_exit_status_is_the_verdict(kernel: str, status: int) -> None:
    """0 conforms, 1 does not, 2 could not run, with the reason on standard error."""
    done = shell("check", kernel, "--case", "spatial/*", "--no-fresh")
    assert done.returncode == status
    assert (not done.stdout) == (status == 2)
    assert ("conformance check: there is no file none.py. Did you" in done.stderr) == (status == 2)


def test_a_module_of_the_folder_is_found() -> None:
    """``module:object`` looks where the command was started, too."""
    done = shell("check", "right:batch_norm", "--case", "dense/*", "--quiet")
    assert done.returncode == 0
    assert done.stdout.startswith("CONFORMS in values, grade A; ")


def test_json_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is one JSON document of the published schema; --out has the same."""
    assert (
        main(["check", "wrong.py", "--tier", "smoke", "--format", "json", "--out", "r.json"]) == 1
    )
    said = json.loads(capsys.readouterr().out)
    jsonschema.validate(said, SCHEMA)
    assert json.loads(Path("r.json").read_text()) == said


def test_what_cannot_be_written_is_told_before_the_check(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is run for a place that takes no file; the reason is told and the status is 2."""
    (folder / "taken").write_text("a file, not a folder")
    case = ["--case", "dense/train-float32", "--no-fresh"]
    assert main(["check", "right.py", *case, "--out", "taken/report.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "taken is no folder, one was wanted" in err


def test_quiet_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet prints the verdict and nothing else."""
    main(["check", "wrong.py", "--tier", "smoke", "--quiet"])
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert err == ""


def test_verbose_lists_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Without it the rest is counted."""
    command = ["check", "wrong.py", "--no-fresh", "--case", "a", "--case", "spatial/*"]
    main(command)
    brief = capsys.readouterr().out
    main([*command, "--verbose"])
    whole = capsys.readouterr().out
    assert "more failing cases" in brief
    assert "more failing cases" not in whole
    assert whole.count("conformance check") > brief.count("conformance check")


def test_no_color_where_nobody_wants_it() -> None:
    """A pipe has none; FORCE_COLOR asks for it, NO_COLOR refuses it."""
    words = ("check", "right.py", "--case", "dense/train-float32", "--no-fresh")
    assert "\x1b[" not in shell(*words).stdout
    assert "\x1b[" in shell(*words, FORCE_COLOR="1").stdout
    assert "\x1b[3" not in shell(*words, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_commands_are_never_wrapped() -> None:
    """In a narrow terminal the table folds, and a command to copy stays one line."""
    words = ("check", "wrong.py", "--case", "spatial/*", "--no-fresh")
    lines = shell(*words, COLUMNS="50").stdout.splitlines()
    assert "  conformance check wrong.py --case spatial/train-nchw-float64" in lines


def test_options_are_part_of_the_command_that_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    """What changes the result stands in the repro line."""
    main(["check", "wrong.py", "--dialect", "momentum=new", "--case", "spatial/*", "--no-fresh"])
    said = capsys.readouterr().out
    assert (
        "conformance check wrong.py --case spatial/train-nchw-float64 --dialect momentum=new"
        in (said)
    )


def test_the_doctor_finds_the_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel of another dialect conforms with the options that the doctor found."""
    assert main(["doctor", "biased.py"]) == 0
    said = capsys.readouterr().out
    assert "set: --dialect momentum=old,running_var=biased" in said
    assert "CONFORMS" in said
    dialect = "momentum=old,running_var=biased"
    assert main(["check", "biased.py", "--tier", "smoke", "--dialect", dialect]) == 0


def test_the_doctor_names_the_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """What no convention explains is diagnosed; JSON has both."""
    assert main(["doctor", "wrong.py", "--format", "json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert {f["convention"] for f in said["findings"]} >= {"momentum", "eps", "layout"}
    assert said["check"]["diagnosis"][0]["fault"] == "dx-divides-by-batch"


@pytest.mark.parametrize("command", ["check", "doctor", "verify"])
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command's help has an example that begins with the command."""
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"\n  conformance {command} " in capsys.readouterr().out


def test_a_page_shows_where_elements_are_off(folder: Path) -> None:
    """``--html`` writes one page without anything from outside, with a picture of the errors."""
    words = ("check", "wrong.py", "--case", "spatial/train-*", "--no-fresh", "--quiet")
    assert main([*words, "--html", "page.html"]) == 1
    page = (folder / "page.html").read_text()
    assert "dx of spatial/train-nchw-float64: " in page
    assert "http" not in page.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "").replace("https://matplotlib.org", "")


def test_a_scope_is_given_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Predicates and declarations narrow what is asked, and stand in the line and the command."""
    narrowed = ("--where", "C >= 2", "--declare", "dtypes=float32", "--declare", "ranks=4")
    assert main(["check", "wrong.py", *narrowed, "--case", "spatial/*", "--no-fresh"]) == 1
    said = capsys.readouterr().out
    assert "declared: layout=channels_last, dtypes=float32, ranks=4, where C >= 2; " in said
    assert "compared in 4 axes, float32, " in said
    assert "--declare 'dtypes=[\"float32\"]'" in said
    assert "--where 'C >= 2'" in said


def test_a_change_of_the_kernel_is_checked_again(folder: Path) -> None:
    """With ``--watch`` a verdict follows every change, also of one that cannot be read."""
    words = ("check", "right.py", "--case", "spatial/train-nchw-float32", "--no-fresh", "--quiet")
    command = [sys.executable, "-m", "conformance", *words, "--watch"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        try:
            assert watching.stdout.readline().startswith("CONFORMS")
            assert "watching for changes" in watching.stderr.readline()
            (folder / "right.py").write_text("def batch_norm(:\n")
            assert "could not be imported" in watching.stderr.readline()
            while "watching for changes" not in watching.stderr.readline():
                pass
            (folder / "right.py").write_text(WRONG)
            assert watching.stdout.readline().startswith("DOES NOT CONFORM")
        finally:
            watching.send_signal(signal.SIGINT)


@pytest.mark.parametrize("words", [["check", "--help"], ["check", "k.py", "--quiet"]])
def test_nothing_is_loaded_that_nobody_sees(words: list[str], tmp_path: Path) -> None:
    """Help and a verdict line wait neither for what draws nor for HDF5."""
    (tmp_path / "k.py").write_text(RIGHT)
    more = ["--case", "dense/train-float32", "--no-fresh"] if "k.py" in words else []
    code = (
        "import contextlib, sys\n"
        "from conformance.cli import main\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    main({[*words, *more]!r})\n"
        "print(*sorted({'rich', 'h5py', 'packaging', 'jinja2'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == ""
