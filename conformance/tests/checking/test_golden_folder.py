"""Tests of golden files of one's own: a check and a run ask the cases of the folder named."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

import conformance
from conformance import Inputs
from conformance.cases import catalogue, golden, published
from conformance.cases.golden import writing
from conformance.checking.options import Options
from conformance.checking.report import Report
from conformance.cli import main
from conformance.errors import ConformanceError, GoldenFileError, InputError, SelectionError
from conformance.harness import run
from conformance.harness.shield import near
from conformance.tests.checking.kernels import RIGHT, WRONG
from conformance.tests.harness.shield.attacks import REACHED, Attack, kernel
from conformance.verdict import record_file
from conformance.verdict.record import Status

UNRULY = Path(__file__).parents[1] / "data" / "unruly" / "adapter.py"
CASES = ("dense/test-float32", "dense/train-bfloat16", "dense/train-float32")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a right kernel, a wrong one, and golden files of three cases in ``mine``."""
    write(tmp_path / "mine", CASES)
    (tmp_path / "k.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, cases: tuple[str, ...]) -> None:
    """Golden files of some cases of the catalogue: another catalogue."""
    writing.write(list(golden.load(cases)), folder, explain={"dense": catalogue.GROUPS["dense"]})


def schema(name: str) -> Mapping[str, object]:
    """A published schema."""
    text = (resources.files("conformance") / "schemas" / f"{name}.json").read_text("utf-8")
    found: Mapping[str, object] = json.loads(text)
    return found


def test_a_check_asks_the_cases_of_the_folder(place: Path) -> None:
    """All of them and no other, in their order, and none is drawn from recipes of the catalogue."""
    report = conformance.check("k.py", golden=place / "mine")
    assert [case.case for case in report.cases] == [*CASES]
    assert report.conforms
    assert (report.fresh.cases, report.drawn) == (0, ())
    assert conformance.check("wrong.py", golden="mine").conforms  # its mistake shows on images


def test_verdict_json_and_statement_say_whose_cases_they_are(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder, its digest, and that it is no catalogue that the package was published with."""
    words = ["--golden", "mine", "--out", "r.json", "--statement", "s.json"]
    assert main(["check", "k.py", *words]) == 0
    digest = golden.manifest(place / "mine").digest
    first = capsys.readouterr().out.splitlines()[0]
    assert f"(golden files of mine: foreign catalogue '{digest[:12]}'" in first
    assert published.CATALOGUE[:12] in first
    for name, kind in (("r.json", "check"), ("s.json", "statement")):
        said = json.loads((place / name).read_text())
        jsonschema.validate(said, schema(kind))
        told = {key: said["suite"][key] for key in ("digest", "golden", "tier", "published")}
        assert told == {
            "digest": digest,
            "golden": "mine",
            "tier": "golden folder",
            "published": False,
        }
        assert said["suite"]["fresh"] is False


def test_a_failing_case_is_repeated_by_its_command(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command that the report prints names the folder, and finds the failure again."""
    (place / "wrong.py").write_text(RIGHT.replace("x_hat * gamma + beta", "x_hat * gamma"))
    report = conformance.check("wrong.py", golden=Path("mine"))
    failing = next(case for case in report.cases if case.status is Status.FAIL)
    assert failing.repro == f"conformance check wrong.py --case {failing.case} --golden mine"
    assert main(shlex.split(failing.repro)[1:]) == 1
    assert "1 case:" in capsys.readouterr().out


def test_cases_are_selected_inside_the_folder(place: Path) -> None:
    """Patterns and types choose among its cases, and what chooses none is an error."""
    report = conformance.check("k.py", golden="mine", case="train", dtype="float32")
    assert [case.case for case in report.cases] == ["dense/train-float32"]
    with pytest.raises(SelectionError, match="no case matches 'offset"):
        conformance.check("k.py", golden=place / "mine", case="offset/*")
    with pytest.raises(SelectionError, match="none of the 3 cases has dtype 'float64'"):
        conformance.check("k.py", golden=place / "mine", dtype="float64")


@pytest.mark.parametrize("command", [["check", "k.py"], ["run", "textbook/staged"]])
@pytest.mark.parametrize("tier", ["smoke", "standard", "large"])
def test_a_tier_of_a_folder_is_an_error(
    place: Path, capsys: pytest.CaptureFixture[str], command: list[str], tier: str
) -> None:
    """Tiers are of the catalogue, the standard one too where somebody asks for it."""
    assert place.is_dir()
    assert main([*command, "--golden", "mine", "--tier", tier]) == 2
    assert "a tier and the golden files of mine were given" in capsys.readouterr().err


def test_what_a_folder_has_none_of_is_an_error(place: Path) -> None:
    """No tier, no inputs beside it, and no seed of fresh cases."""
    (case,) = golden.load(["dense/train-float32"])
    inputs: Inputs = case.inputs
    for refused in ({"tier": "standard"}, {"inputs": inputs}):
        with pytest.raises(InputError, match="one of them was wanted"):
            conformance.check("k.py", golden="mine", **refused)
    with pytest.raises(InputError, match="drawn from recipes of the catalogue"):
        Options(golden=place / "mine", fresh_seed="0" * 32)


def test_a_folder_without_golden_files_is_refused(place: Path) -> None:
    """An empty folder and none at all are errors, and never a pass."""
    (place / "empty").mkdir()
    for folder in ("empty", "none"):
        with pytest.raises(GoldenFileError, match="cannot be read: No such file"):
            conformance.check("k.py", golden=folder)


def test_a_damaged_folder_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One changed byte of the values, and nothing of them is believed by a check or by a run."""
    file = place / "mine" / "dense.h5"
    data = bytearray(file.read_bytes())
    data[-9] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(GoldenFileError, match="its SHA-256 is"):
        conformance.check("k.py", golden="mine")
    assert main(["run", "textbook/staged", "--golden", "mine"]) == 2
    assert "its SHA-256 is" in capsys.readouterr().err


_SPY = Attack(text='return [f for f in ("mine/dense.h5", "mine/MANIFEST.json") if opened(f, "rb")]')


@pytest.mark.parametrize("left", [(), ("landlock",), ("namespaces", "mounts")])
def test_the_kernel_cannot_read_the_folder(
    place: Path, left: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is hidden like the package's own golden files, by each means alone where there are two."""
    monkeypatch.setattr(near, "LEFT_OUT", frozenset(left))
    (place / "spy.py").write_text(kernel({"spy": _SPY}, {}))
    report = conformance.check("spy.py", golden="mine", case="dense/train-float32")
    means = {"landlock", "mounts"} - {*left}
    if not any(report.protections[name].startswith("on") for name in means):
        pytest.skip("this system has nothing that hides files")
    assert not _reached(report)
    beside = conformance.check("spy.py", case="dense/train-float32", fresh=False)
    assert _reached(beside)  # where the folder is not named it is a file like others


_SPYING = """
from conformance.adapter import Adapter, Path
from conformance.errors import Unsupported

def spy(inputs):
    try:
        open("mine/dense.h5", "rb").close()
    except OSError:
        raise Unsupported("it is hidden") from None
    raise Unsupported("it was read")

ADAPTER = Adapter(
    name="spy",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=(Path(name="spy", about="", run=spy),),
)
"""


def test_an_adapter_cannot_read_the_folder(place: Path) -> None:
    """A path that looks for the answers in a run finds none, and does where it is not hidden."""
    (place / "adapter.py").write_text(_SPYING)
    (place / "expectations.toml").write_text("")
    columns = run.columns("adapter.py:spy", place / "mine")
    if not {"landlock", "mounts"} & {
        *columns[0].protections.partition("off")[0].replace(",", "").split()
    }:
        pytest.skip(f"this system has nothing that hides files: {columns[0].protections}")
    for folder, told in ((place / "mine", "it is hidden"), (None, "it was read")):
        (done,) = run.run(columns, ["dense/train-float32"], folder=folder)
        assert {r.reason for r in done.cases[0].outputs.values()} == {told}


def _reached(report: Report) -> bool:
    reasons = [r.reason or "" for case in report.cases for r in case.outputs.values()]
    return any(REACHED in reason for reason in reasons)


def test_a_folder_that_holds_more_cannot_be_hidden(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with the kernel, or in a cache that the kernel may write to, is refused."""
    with pytest.raises(InputError, match=r"and that needs .*k\.py"):
        conformance.check("k.py", golden=".")
    with pytest.raises(InputError, match="and that needs"):
        conformance.check("k.py", golden="/")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    with pytest.raises(InputError, match="may read and write"):
        conformance.check("k.py", golden="mine")


def test_a_statement_is_verified_with_the_folder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With it a statement holds, with another it does not, and without it nothing is run."""
    write(place / "other", CASES[:2])
    assert main(["check", "k.py", "--golden", "mine", "--statement", "s.json"]) == 0
    words = ["verify", "s.json", "k.py"]
    assert main([*words, "--golden", "mine"]) == 0
    assert capsys.readouterr().out.count("HOLDS") == 1
    assert main([*words, "--golden", "other"]) == 1
    assert "breaks: suite.digest" in capsys.readouterr().out
    assert main(words) == 2
    assert golden.manifest(place / "mine").digest in capsys.readouterr().err
    assert main(["verify", "s.json"]) == 2
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_a_run_asks_the_cases_of_the_folder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verdict and record name its catalogue, and a case's command names the folder."""
    assert main(["run", "textbook/staged", "--golden", "mine", "--records", "records"]) == 0
    manifest = golden.manifest(place / "mine")
    assert f"foreign catalogue '{manifest.digest[:12]}'" in capsys.readouterr().out
    record = record_file.read(place / "records" / "textbook" / "staged.json")
    assert record.catalogue == {"digest": manifest.digest, "cases": 3, "published": False}
    assert [case.case for case in record.cases] == [*CASES]
    assert record.cases[0].repro.endswith(f"--golden mine --case {CASES[0]}")


def test_records_of_a_folder_go_nowhere_unless_asked(place: Path) -> None:
    """They are not those of the matrix, which lie in ``records``."""
    assert main(["run", "textbook/staged", "--golden", "mine"]) == 0
    assert not (place / "records").exists()


def test_a_path_that_runs_a_sample_runs_all_of_a_folder(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sample is of the catalogue; who names a folder wants its cases."""
    words = ["run", f"{UNRULY}:sampled", "--golden", "mine", "--records", "records"]
    main(words)
    capsys.readouterr()
    record = record_file.read(place / "records" / "unruly" / "sampled.json")
    statuses = {r.status for case in record.cases for r in case.outputs.values()}
    assert Status.NOT_RUN not in statuses
    assert record.compared


def test_refusals_are_errors_of_this_package(place: Path) -> None:
    """Whatever lies in the folder, one exception tells that it is not used."""
    (place / "mine" / "MANIFEST.json").write_text('{"schema": 1}')
    with pytest.raises(ConformanceError, match="has schema 1"):
        conformance.check("k.py", golden="mine")


def test_known_failures_are_of_the_catalogue(place: Path) -> None:
    """What is known of a path and its catalogue excuses nothing in cases of somebody's own."""
    assert run.columns("textbook/staged")[0].known
    assert run.columns("textbook/staged", place / "mine")[0].known == ()
