"""``conformance show``: cases are listed, shown and drawn; what is wrong is said in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cases import golden
from conformance.cases.golden import writing
from conformance.cli import main
from conformance.tests.checking.showing.cases import EVIL, FAR, HALF, hostile


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Golden files with one case, whose texts are hostile."""
    writing.write([hostile()], tmp_path / "golden", explain={"mine": "Mine alone."})
    return tmp_path / "golden"


def test_without_a_case_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each, and one that counts them and says whose they are."""
    assert main(["show"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == golden.select()
    groups = len(golden.manifest().files)
    assert last.startswith(f"{len(lines)} cases in {groups} groups; golden files of ")
    assert last.endswith("fixtures: the published catalogue")


def test_cases_are_shown_in_the_order_of_the_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    """An id, a part of ids and a glob select; each case begins with its id."""
    assert main(["show", FAR, "long-sum-float16", "empty/train-fl*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    wanted = golden.select([FAR, "long-sum-float16", "empty/train-fl*"])
    assert len(wanted) >= 3
    assert [line for line in lines if line in wanted] == wanted


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """A list and a case come with the digest of the golden files."""
    for words, has_details in (((), False), ((FAR,), True)):
        assert main(["show", *words, "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["digest"] == golden.manifest().digest
        assert all((case["details"] is not None) == has_details for case in told["cases"])


def test_another_folder_is_shown_and_its_texts_are_cleaned(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--golden takes any folder, tells that it is foreign, and nothing in it drives a terminal."""
    golden_folder = ("--golden", str(mine))
    assert main(["show", *golden_folder]) == 0
    said = capsys.readouterr().out
    assert "1 case in 1 group; golden files of " in said
    assert "foreign catalogue" in said
    assert main(["show", "mine/one", *golden_folder, "--html", str(tmp_path / "p.html")]) == 0
    said += capsys.readouterr().out + (tmp_path / "p.html").read_text(encoding="utf-8")
    assert EVIL not in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "<script" not in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_a_page_is_written_beside_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--html draws the cases that are printed, over an older page."""
    file = tmp_path / "case.html"
    file.write_text("old")
    assert main(["show", FAR, HALF, "--html", str(file)]) == 0
    assert {FAR, HALF} <= {*capsys.readouterr().out.splitlines()}
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert f"<h2>{FAR}</h2>" in text
    assert f"<h2>{HALF}</h2>" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("offset/rows-flaot32-1000",), "Near names are: offset/rows-float32-1000"),
        (("",), "no case matches ''"),
        (("--golden", "no/such"), "MANIFEST.json cannot be read"),
        (("--html", "p.html"), "no case is named, 1 to 16 were wanted"),
        (("offset/*", "--html", "p.html"), "cases are selected, 1 to 16 were wanted"),
        ((FAR, "--html", "."), ". is a folder, a file was wanted"),
        (("no-such-case", "--html", "."), ". is a folder, a file was wanted"),
        (("golden",), "Write: conformance show --golden golden"),
    ],
)
def test_what_cannot_be_shown_is_said(
    words: tuple[str, ...],
    said: str,
    mine: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line on standard error, status 2, and no file."""
    monkeypatch.chdir(mine.parent)
    assert main(["show", *words]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert said in found.err
    assert found.err.count("\n") == 1
    assert not Path("p.html").exists()


def test_a_damaged_folder_is_refused(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A golden file of other bytes than the manifest knows is named, and nothing is shown."""
    with (mine / "mine.h5").open("r+b") as stream:
        stream.seek(-1, 2)
        last = stream.read(1)
        stream.seek(-1, 2)
        stream.write(bytes([last[0] ^ 1]))
    assert main(["show", "mine/one", "--golden", str(mine)]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert "mine.h5" in found.err
    assert "conformance generate" in found.err
