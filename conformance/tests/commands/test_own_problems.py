"""``conformance generate`` with problems of a user's own: options, refusals, exits, kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from conformance import oracle
from conformance.case import Case, Problem
from conformance.cases import golden
from conformance.cli import main
from conformance.tests.cases.own import giving

RECIPE = """
name = "mine"
about = "Mine."
[usual]
mode = "both"
[[problem]]
id = "a"
shape = [6, 8]
"""


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names in the tests are those of files in a new folder, which has a recipe."""
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(RECIPE)


def conformance(*words: str) -> int:
    """Run ``conformance generate`` with these arguments."""
    return main(["generate", *words])


def cases(folder: str = "own") -> list[Case]:
    """The cases of a folder."""
    place = Path(folder).resolve()
    return list(golden.load(golden.select(None, place), place))


def test_a_recipe_is_made_and_verified(capsys: pytest.CaptureFixture[str]) -> None:
    """Writing and verifying succeed; cases, values and the digest are told."""
    assert conformance("my.toml", "--out", "own") == 0
    wrote, where = capsys.readouterr().out.splitlines()
    values = sum(a.size for case in cases() for a in case.expected.items().values())
    assert wrote.startswith(f"wrote: 2 cases, {values} values proven (")
    digest = golden.manifest(Path("own")).digest
    assert where == f"{Path('own').resolve()}: digest {digest}"
    assert conformance("--verify", "--out", "own") == 0
    assert capsys.readouterr().out.startswith(f"verified: 2 cases, {values} values proven (")


def test_options_say_one_problem() -> None:
    """Every option arrives in the call, and one that is given twice is a choice."""
    words = (
        "--shape 4,5,3 --axis -1 --types bfloat16+float32 --mode test --x constant:2 "
        "--dy constant:3 --gamma constant:4 --beta constant:5 --running-mean constant:6 "
        "--running-var constant:7 --eps 0.25 --momentum -0.5 --memory strided --seed 3 --id n "
        "--name mine --about Mine. --catches It. --out own"
    )
    assert conformance(*words.split()) == 0
    (case,) = cases()
    inputs = case.inputs
    found = [set(np.unique(array).tolist()) for array in inputs.given().values()]
    assert found == [{float(n)} for n in range(2, 8)]
    assert (inputs.eps, inputs.momentum, inputs.axis, inputs.mode) == (0.25, -0.5, -1, "test")
    assert (inputs.types, inputs.memory) == ("bfloat16+float32", "strided")
    assert (case.id, case.problem.catches) == ("mine/n", "It.")
    assert golden.manifest(Path("own")).files["mine.h5"].about == "Mine."


def test_options_are_choices() -> None:
    """Shapes, types, axes and seeds that are given twice meet each other."""
    words = (
        "--shape 4,3,2 --shape 2,3,2 --types float32 --types float64 --axis NCL --axis NLC "
        "--count 2 --earlier 1 --out own"
    )
    assert conformance(*words.split()) == 0
    assert len(cases()) == 16
    assert {len(case.inputs.earlier) for case in cases()} == {1}


def test_arrays_are_made_golden() -> None:
    """Several files of different forms become cases of one golden file, options beside them."""
    giving.write_hdf5(Path("first.h5"), giving.call("float32"))
    np.savez("second.npz", x=np.array([[1, 2], [3, 5]], np.float32))
    words = "--arrays first.h5 --arrays second.npz --eps 0.5 --axis 1 --name net --out own"
    assert conformance(*words.split()) == 0
    assert [(case.id, case.inputs.eps) for case in cases()] == [
        ("net/first", 0.5),
        ("net/second", 0.5),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("my.toml", "no folder was given, one was wanted"),
        ("my.toml --shape 4,3 --out own", "a recipe and --shape was found, one of"),
        ("my.toml --eps 1 --out own", "--eps was found beside a recipe, which says that itself"),
        ("--shape 4,3 --arrays a.npz --out own", "--shape and --arrays was found, one of"),
        ("--arrays a.npz --x varied --out own", "--x was found beside --arrays"),
        ("--arrays a.npz --eps 1 --eps 2 --out own", "--eps was given 2 times with --arrays"),
        ("--x varied --out own", "--x was found, one of a recipe, --shape and --arrays"),
        ("--count 2 --out own", "--count was found, one of"),
        ("my.toml --verify --out own", "my.toml was found beside --verify"),
        ("--shape 4,3 --verify --out own", "--shape was found beside --verify"),
        ("--arrays absent.npz --out own", "absent.npz gives no arrays of a call"),
        ("--arrays a.npz --name a/b --out own", "said of the file is no usable recipe: name is"),
        ("absent.toml --out own", "absent.toml is no usable recipe: No such file"),
        ("--shape 4,3 --x ofset:1 --out own", "Did you mean offset?"),
        ("--shape 1,3 --out own", "own/1x3-float32-train: x of shape (1, 3) has 1 value"),
        ("--shape 6,8 --x offset:1e6 --out own", "less than 10 % was wanted"),
        ("--shape 300000,3000 --out own", "900,000,000 values, at most 134,217,728"),
        ("--shape 4,3 --out .", "holds my.toml, an empty folder"),
        ("--shape 4,3 --out my.toml", "is no folder"),
        ("--verify --out absent", "MANIFEST.json cannot be read"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(
    words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is one line on standard error with exit status 2, and nothing is written."""
    assert conformance(*words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    *_, last = err.splitlines()
    assert last.startswith("conformance generate: ")
    assert message in last
    assert [path.name for path in Path().iterdir()] == ["my.toml"]


@pytest.mark.parametrize("words", ["--shape 4,x", "--count 0 --shape 4,3", "--eps small"])
def test_an_argument_that_is_none_is_told(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no number is an error of the argument."""
    with pytest.raises(SystemExit) as caught:
        conformance(*words.split(), "--out", "own")
    assert caught.value.code == 2
    assert "conformance generate: argument --" in capsys.readouterr().err


def test_the_catalogue_is_not_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    """A recipe for the package's own folder is refused before any work."""
    assert conformance("--shape", "4,3", "--out", str(golden.listing.home(None))) == 2
    assert "is where the catalogue of this package lies" in capsys.readouterr().err


def test_an_unproven_value_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that the proof does not accept is told with exit status 1, and nothing is written."""
    solve = oracle.solve

    def wrong(problem: Problem) -> Case:
        case = solve(problem)
        case.expected.y[0, 0] = np.nextafter(case.expected.y[0, 0], 99)  # type: ignore[index]
        return case

    monkeypatch.setattr(oracle, "solve", wrong)
    assert conformance("my.toml", "--out", "own") == 1
    out = capsys.readouterr().out
    assert "mine/a-test: y[0, 0] is " in out
    assert "1 differences: NOT wrote: 0 cases" in out
    assert not Path("own").exists()


def test_a_flipped_bit_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """Verifying files of which one bit is flipped has exit status 1 and names the file."""
    assert conformance("my.toml", "--out", "own") == 0
    image = bytearray(Path("own/mine.h5").read_bytes())
    image[len(image) // 2] ^= 1
    Path("own/mine.h5").write_bytes(image)
    capsys.readouterr()
    assert conformance("--verify", "--out", "own") == 1
    out = capsys.readouterr().out
    assert "mine.h5: its SHA-256 is" in out
    assert "1 differences: NOT verified: 0 cases" in out


@pytest.mark.parametrize("terminal", ["0", "1"])
def test_progress_stays_out_of_the_output(
    terminal: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress goes to stderr, as a bar in a terminal and as plain lines elsewhere."""
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if terminal == "1":
        monkeypatch.setenv("FORCE_COLOR", "1")
    assert conformance("my.toml", "--out", "own") == 0
    out, err = capfd.readouterr()
    assert out.count("\n") == 2
    assert "solving, proving and writing" in err
    assert ("\x1b" in err) is (terminal == "1")
    if terminal == "0":
        assert "mine/a-test, 1 of 2" in err


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_kill_in_the_middle_leaves_nothing(number: signal.Signals) -> None:
    """Whatever stops it, there is no folder; what SIGKILL leaves the next start clears away."""
    words = ("generate", "--shape", "2000,16", "--count", "400", "--out", "own")
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", *words], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "1 of 400" in process.stderr.readline()  # it has begun
    time.sleep(0.5)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not Path("own").exists()
    if number == signal.SIGKILL:
        assert conformance("my.toml", "--out", "own") == 0
    assert {path.name for path in Path().iterdir()} <= {"my.toml", "own"}


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no room can be set aside here")
def test_a_disk_that_takes_no_more_is_told_in_a_line() -> None:
    """Where a file may not become as large as it will be, one line says so and nothing stays."""
    code = (
        "import resource, sys; from conformance.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000));"
        "sys.exit(main(sys.argv[1:]))"
    )
    words = ("generate", "--shape", "1000,8", "--count", "20", "--out", "own")
    done = subprocess.run(
        [sys.executable, "-c", code, *words], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "conformance generate: File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert [path.name for path in Path().iterdir()] == ["my.toml"]


def test_a_whole_catalogue_elsewhere_is_held_against_the_catalogue(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that has all groups of the catalogue is verified against it and not by itself."""
    from conformance.cases import catalogue  # noqa: PLC0415 - takes a moment

    small = catalogue.problems()[:1]
    monkeypatch.setattr(catalogue, "problems", lambda: small)
    monkeypatch.setattr(catalogue, "GROUPS", {small[0].group: "One."})
    recipe = f'name = "{small[0].group}"\n[[problem]]\nshape = [2, 2]\n'
    Path("my.toml").write_text(recipe)
    assert conformance("my.toml", "--out", "own") == 0
    assert conformance("--verify", "--out", "own") == 1
    assert f"{small[0].id}: missing, the catalogue has it" in capsys.readouterr().out
