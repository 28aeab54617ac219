"""``conformance run`` and ``conformance list``, as a user types them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance.adapter import names
from conformance.cases import golden, large
from conformance.cli import main
from conformance.verdict import record_file
from conformance.verdict.record import Status

CUSTOMS = str(Path(__file__).parents[1] / "data" / "customs" / "adapter.py")
UNRULY = str(Path(__file__).parents[1] / "data" / "unruly" / "adapter.py")


def test_run_writes_a_record_and_exits_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path without failures is ok, and its record lies where it was asked for."""
    code = main(["run", "textbook/staged", "--case", "dense/*", "--records", str(tmp_path)])
    assert code == 0
    assert capsys.readouterr().out.startswith("ok  textbook/staged")
    written = record_file.read(tmp_path / "textbook" / "staged.json")
    assert written.cases
    assert written.conventions == {}


def test_a_whole_run_says_what_is_declared_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Conventions are in the record of a whole run, and one that is declared otherwise is told."""
    assert main(["run", f"{CUSTOMS}:misnaming", "--records", str(tmp_path)]) == 1
    said = "not what it declares: statistics come under other names than their own: "
    assert said + "mean, inv_std = variance" in capsys.readouterr().out
    found = record_file.read(tmp_path / "customs" / "misnaming.json").conventions
    assert found["default_eps"].found == "must be told"


def test_failure_exits_1_and_shows_how_to_see_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    """What failed is named with its reason and a command that reproduces it."""
    assert main(["run", f"{UNRULY}:throw", "--case", "dense/train-float32"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAILS  unruly/throw")
    assert "something went wrong" in out
    assert f"conformance run {UNRULY}:throw --case dense/train-float32" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["textbok"], "Did you mean 'textbook'"),
        (["textbook/stage"], "Its paths are: staged"),
        (["textbook", "--case", "nothing-like-this"], "no case matches"),
    ],
)
def test_what_cannot_run_exits_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong name is answered on the standard error, with the right one."""
    assert main(["run", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_nothing_compared_is_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """A path that refuses every case is not ok."""
    assert main(["run", f"{UNRULY}:refuse", "--case", "dense/*"]) == 1
    told = capsys.readouterr()
    assert told.out.startswith("NOTHING COMPARED  unruly/refuse")
    assert "no pass" in told.err


def test_hang_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel that never returns costs the seconds that it was given, and is a timeout."""
    arguments = ["run", f"{UNRULY}:hang", "--case", "dense/train-float32", "--timeout", "1"]
    begun = time.monotonic()
    assert main(arguments) == 1
    assert time.monotonic() - begun < 60  # by itself a call may take two minutes
    assert "timeout: no answer within 1 s" in capsys.readouterr().out


def test_calls_of_every_size_make_a_record_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record of the large tier is of another catalogue than that of the stored cases."""
    chosen = ["--tier", "large", "--case", "large/*-nchw-*", "--most", "2000"]
    assert main(["run", "textbook/staged", *chosen, "--records", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("ok  textbook/staged")
    done = record_file.read(tmp_path / "textbook" / "staged.json")
    assert {case.group for case in done.cases} == {"large"}
    assert done.catalogue["digest"] != golden.manifest().digest
    assert 1 < len(done.cases) < done.catalogue["cases"] == len(large.rows())
    assert main(["matrix", str(tmp_path)]) == 0


def test_a_large_call_that_fails_is_told_with_its_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command that repeats it names the tier, without which there is no such case."""
    case = "large/4-ncdhw-2x1x4x2x2-bfloat16-float32"
    assert main(["run", f"{UNRULY}:throw", "--tier", "large", "--case", case]) == 1
    assert f"conformance run {UNRULY}:throw --tier large --case {case}" in capsys.readouterr().out


def test_what_the_machine_has_no_memory_for_is_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call of more than 2^31 values is not run where it does not fit, and that is no pass."""
    monkeypatch.setattr("conformance.cases.large.room.memory", lambda: 1 << 34)
    chosen = ["--tier", "large", "--case", "large/2147483656x1-*", "--records", str(tmp_path)]
    assert main(["run", "textbook/staged", *chosen]) == 1
    assert capsys.readouterr().out.startswith("NOTHING COMPARED  textbook/staged")
    (case,) = record_file.read(tmp_path / "textbook" / "staged.json").cases
    assert {output.status for output in case.outputs.values()} == {Status.NOT_RUN}
    assert {o.reason for o in case.outputs.values()} == {
        "it takes about 288 GiB of memory; here are 16 GiB"
    }
    assert (case.mode, case.layout, case.dtype) == ("train", "NC", "float16+float32")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--most", "9"], "it is for --tier large"),
        (["--tier", "large", "--case", "large/10000000x1-float32", "--most", "9"], "at most 9"),
    ],
)
def test_no_large_call_is_an_error(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes without the large tier, or none of its calls, compare nothing and say so."""
    assert main(["run", "textbook/staged", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_list_names_adapters_and_why_cases_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Adapters, paths, groups and cases can be listed, as text and as JSON."""
    assert main(["list", "adapters", "--format", "json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)) == names()
    assert main(["list", "paths", "textbook"]) == 0
    assert "textbook/staged" in capsys.readouterr().out
    assert main(["list", "cases", "--case", "offset/*", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed) > 10
    assert all(listed.values())
    assert main(["list", "groups"]) == 0
    assert "offset" in capsys.readouterr().out
    assert main(["list", "paths"]) == 2
