"""The package knows its catalogue: a forgery that agrees with itself is told as foreign."""

from __future__ import annotations

import json
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import places
from conformance.cases import _published, catalogue, golden, published
from conformance.cases.golden import writing
from conformance.cli import main
from conformance.errors import GoldenFileError
from conformance.report.join import join
from conformance.report.wording import verdict
from conformance.tests.checking.kernels import RIGHT
from conformance.verdict import record_file

CASE = "dense/train-float32"


@pytest.fixture
def forged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of golden files in which one value, its digests and the manifest were forged."""
    cases = list(golden.load(golden.select("dense/*")))
    spoiled = [case for case in cases if case.id == CASE]
    assert len(spoiled) == 1
    due = spoiled[0].expected
    assert due.y is not None
    lie = replace(spoiled[0], expected=replace(due, y=due.y * (1 + 2.0**-50)))
    explain = {"dense": catalogue.GROUPS["dense"]}
    kept = [case for case in cases if case.id != CASE]
    writing.write([*kept, lie], tmp_path / "fixtures", explain=explain)
    kept_folder = places.folder
    monkeypatch.setattr(
        places, "folder", lambda kind: tmp_path / kind if kind == "fixtures" else kept_folder(kind)
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(RIGHT)
    return tmp_path


def test_the_package_knows_its_catalogue() -> None:
    """The digest in the source is that of the golden files which travel with the package."""
    assert golden.manifest().digest == published.CATALOGUE
    assert golden.manifest().foreign is None


def test_a_consistent_forgery_loads_and_is_foreign(forged: Path) -> None:
    """Data, digests and manifest agree, so it is read; what it is called tells it apart."""
    assert [case.id for case in golden.load([CASE])] == [CASE]
    said = golden.manifest(forged / "fixtures").foreign
    assert said is not None
    assert golden.manifest().digest[:12] in said
    assert published.CATALOGUE[:12] in said


def test_a_check_against_a_foreign_catalogue_says_so(
    forged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The verdict line, the JSON report and the statement tell it; none calls it published."""
    words = ["check", "k.py", "--no-fresh", "--out", "r.json", "--statement", "s.json"]
    main([*words, "--case", "dense/*"])
    assert "(foreign catalogue '" in capsys.readouterr().out.splitlines()[0]
    assert json.loads((forged / "r.json").read_text())["suite"]["published"] is False
    assert json.loads((forged / "s.json").read_text())["suite"]["published"] is False


def test_records_and_matrix_of_a_foreign_catalogue_say_so(
    forged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run's verdict, its record and the verdict and notes of a matrix tell it."""
    main(["run", "textbook/staged", "--records", "records"])
    assert "(foreign catalogue '" in capsys.readouterr().out.splitlines()[0]
    record = record_file.read(forged / "records" / "textbook" / "staged.json")
    assert record.catalogue["published"] is False
    matrix = join([record])
    assert "foreign catalogue '" in verdict(matrix)
    assert any("held against it: textbook/staged" in note for note in matrix.notes)


def test_a_record_that_claims_to_be_of_the_published_catalogue_is_not_believed(
    forged: Path,
) -> None:
    """A matrix goes by the digest, whatever a record says of itself."""
    main(["run", "textbook/staged", "--records", "records", "--case", "dense/*"])
    record = record_file.read(forged / "records" / "textbook" / "staged.json")
    claimed = replace(record, catalogue={**record.catalogue, "published": True})
    assert join([claimed]).foreign


def test_what_is_due_follows_the_catalogue_that_is_there(
    forged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a record of one catalogue was read, one of another is held to its own cases."""
    record = forged / "records" / "textbook" / "staged.json"
    words = ["run", "textbook/staged", "--records", str(record.parents[1]), "--case"]
    main([*words, "dense/*"])
    assert not record_file.read(record).catalogue["published"]
    monkeypatch.undo()
    main([*words, "offset/rows-float32-10"])
    assert record_file.read(record).catalogue["published"]


def test_verifying_calls_a_foreign_catalogue_a_difference(
    forged: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``generate --verify`` of the package's own place names it beside the forged value."""
    dense = tuple(each for each in catalogue.problems() if each.group == "dense")
    monkeypatch.setattr(catalogue, "problems", lambda: dense)
    monkeypatch.setattr(catalogue, "GROUPS", {"dense": catalogue.GROUPS["dense"]})
    assert main(["generate", "--verify"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("foreign catalogue '")
    assert f"{CASE}: expected/y differ" in out
    assert forged.is_dir()


def test_generating_tells_the_package(tmp_path: Path) -> None:
    """The source file is given the new digest and stays a source file that says nothing else."""
    file = Path(shutil.copy(_published.__file__, tmp_path))
    published.publish("0" * 64, file)
    told: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), told)  # noqa: S102 - our own file
    assert told["CATALOGUE"] == "0" * 64
    assert file.read_text().count("\n") == Path(_published.__file__).read_text().count("\n")


def test_a_strange_source_file_is_not_written_to(tmp_path: Path) -> None:
    """A file that is not the one of the published catalogue is refused as it is."""
    file = tmp_path / "other.py"
    file.write_text("print('hello')\n")
    with pytest.raises(GoldenFileError, match="Restore it"):
        published.publish("0" * 64, file)
    assert file.read_text() == "print('hello')\n"


def test_the_golden_files_fit_into_the_wheel() -> None:
    """Compressed as a wheel is they leave a megabyte of 12 for the code."""
    files = [file for file in places.folder("fixtures").iterdir() if file.is_file()]
    assert len(files) > 20
    assert sum(len(zlib.compress(file.read_bytes())) for file in files) < 11_000_000
