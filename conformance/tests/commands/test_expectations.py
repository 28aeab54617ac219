"""The command that holds expectations against a run, on a framework made for it."""

from __future__ import annotations

import json
import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.verdict.known import expectations

LOSSY = Path(__file__).parents[1] / "data" / "lossy" / "adapter.py"
VERSION = metadata.version("numpy")
CASES = ("offset/rows-float32-1000", "offset/columns-float32-1000", "offset/rows-float32-10")

HEAD = """\
# What numpy is known to get wrong.
#   A second line.

[cause.one-pass]   # told once
reason = 'E[x^2] - mean^2'
reproduction = '''
print(1 - 1)
'''
prints = "0"
"""


WIDE = """
[[expect]]
cause = "one-pass"
paths = ["one_*"]
cases = ["offset/rows-float32-10*"]
outputs = ["var"]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of an adapter with a cause and no entry, and records of a run of it."""
    folder = tmp_path / "lossy"
    folder.mkdir()
    shutil.copy(LOSSY, folder)
    (folder / "expectations.toml").write_text(HEAD)
    ran(folder)
    return folder


def ran(home: Path, *cases: str) -> None:
    """Run it and write its records."""
    chosen = [word for case in cases or CASES for word in ("--case", case)]
    main(["run", str(home / "adapter.py"), "--records", str(home / "records"), *chosen])


def mended(home: Path) -> None:
    """Let the framework be right from now on."""
    file = home / "adapter.py"
    file.write_text(file.read_text().replace("LOSSY = True", "LOSSY = False"))


def held(home: Path, *options: str) -> int:
    """The exit status of the command."""
    records = str(home / "records")
    return main(["expectations", str(home / "adapter.py"), "--records", records, *options])


def written(home: Path) -> str:
    """The file of expectations."""
    return (home / "expectations.toml").read_text()


def test_new_failures_are_shown_and_not_explained(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What fails and is not expected is printed as entries without a reason, and not written."""
    capsys.readouterr()
    assert held(home, "--update") == 1
    told = capsys.readouterr().out
    assert 'cases = ["offset/*-float32-1000"]' not in told
    assert '"offset/columns-float32-1000", "offset/rows-float32-1000"' in told
    assert "reason" not in told.split("Say why")[0]
    assert written(home) == HEAD


def test_reason_that_is_given_is_written_once(home: Path) -> None:
    """With a cause new failures become entries; the same command then changes nothing."""
    assert held(home, "--update", "--cause", "one-pass") == 0
    first = written(home)
    assert first.startswith(HEAD)
    (entry,) = expectations.load(home / "expectations.toml", VERSION)
    assert entry.cause == "one-pass"
    assert entry.versions == f">={VERSION}"
    assert (entry.cases, entry.outputs) == (tuple(sorted(CASES[:2])), ("var",))
    assert held(home, "--update", "--cause", "one-pass") == 0
    assert held(home, "--update") == 0
    assert held(home) == 0
    assert written(home) == first


def test_reason_holds_for_what_it_is_given_for(home: Path) -> None:
    """A reason may be given for some cases, and what is left remains to be explained."""
    assert held(home, "--update", "--reason", "who knows", "--case", "*/rows-*") == 1
    assert expectations.load(home / "expectations.toml", VERSION)[0].cases == (CASES[0],)
    assert held(home, "--update", "--reason", "who knows") == 0
    (entry,) = expectations.load(home / "expectations.toml", VERSION)
    assert (entry.reason, entry.cases) == ("who knows", tuple(sorted(CASES[:2])))


def test_what_passes_is_marked_as_gone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry that no longer applies is kept with the version that mended it, and inactive."""
    held(home, "--update", "--cause", "one-pass")
    mended(home)
    ran(home)
    capsys.readouterr()
    assert held(home) == 1
    assert "entry 1 no longer applies, all of it: 2 of 2 outputs passed" in capsys.readouterr().out
    assert held(home, "--update") == 0
    (entry,) = expectations.read(home / "expectations.toml").entries
    assert (entry.cause, entry.gone) == ("one-pass", VERSION)
    assert expectations.load(home / "expectations.toml", VERSION) == ()
    first = written(home)
    assert held(home, "--update") == 0
    assert written(home) == first


def test_part_that_passes_is_split_off(home: Path) -> None:
    """Of an entry that is too wide the part that passed is marked, and the rest stays active."""
    text = HEAD + WIDE + f'versions = ">={VERSION}"\n'
    (home / "expectations.toml").write_text(text)
    assert held(home, "--update", "--cause", "one-pass") == 0
    active, gone = expectations.read(home / "expectations.toml").entries
    assert (gone.gone, gone.cases) == (VERSION, (CASES[2],))
    assert {case for case in CASES if active.matches("one_pass", case, "var")} == set(CASES[:2])
    # these two were not run, and what was said of them is said still
    for case in ("offset/rows-float32-10000", "offset/rows-float32-1000000"):
        assert active.matches("one_pass", case, "var")


def test_what_was_not_run_is_left_alone(home: Path) -> None:
    """A run of other cases changes nothing about an entry."""
    held(home, "--update", "--cause", "one-pass")
    before = written(home)
    mended(home)
    ran(home, "offset/rows-float32-10")
    assert held(home, "--update") == 0
    assert written(home) == before


def test_entry_that_matches_nothing_is_named_and_kept(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry with a misspelled glob is told, and its reason is not thrown away."""
    held(home, "--update", "--cause", "one-pass")
    entry = '\n[[expect]]\nreason = "typo"\npaths = ["one_pass"]\ncases = ["ofset/*"]\n'
    (home / "expectations.toml").write_text(written(home) + entry)
    capsys.readouterr()
    assert held(home, "--update") == 1
    assert "entry 2 matches nothing in the catalogue" in capsys.readouterr().out
    assert expectations.read(home / "expectations.toml").entries[1].cases == ("ofset/*",)


def test_causes_between_entries_stay(home: Path) -> None:
    """Entries come last in a file that is written, and every cause is still there."""
    held(home, "--update", "--cause", "one-pass")
    more = '\n[cause.other]\nreason = "r"\nby_design = "documented"\n'
    (home / "expectations.toml").write_text(written(home) + more)
    assert held(home, "--update") == 0
    known = expectations.read(home / "expectations.toml")
    assert (list(known.causes), len(known.entries)) == (["one-pass", "other"], 1)
    first = written(home)
    assert held(home, "--update") == 0
    assert written(home) == first


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--cause", "one-pass"), "'one-pass' was given without --update"),
        (("--update", "--reason", " "), "the reason is ' ', a sentence was wanted"),
        (("--update", "--cause", "one-pas"), "Did you mean 'one-pass'?"),
        (("--records", "nowhere"), "holds no run record"),
    ],
)
def test_what_cannot_be_done_is_said(
    home: Path, options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong name or a missing record ends with status 2 and a message, and nothing is written."""
    assert held(home, *options) == 2
    assert words in capsys.readouterr().err
    assert written(home) == HEAD


def test_records_of_two_versions_are_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What two versions did is not one run."""
    record = home / "records" / "lossy" / "one_pass.json"
    other = record.read_text().replace(f'"numpy": "{VERSION}"', '"numpy": "0.1"')
    record.with_name("other.json").write_text(other)
    assert held(home) == 2
    assert f"are of versions 0.1, {VERSION}" in capsys.readouterr().err


def test_unknown_adapter_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is none ends with status 2 and the nearest one."""
    assert main(["expectations", "textbok"]) == 2
    assert "Did you mean 'textbook'?" in capsys.readouterr().err


def test_missing_library_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without tomlkit the file can be held against a run, and writing says what to install."""
    monkeypatch.setitem(sys.modules, "tomlkit", None)
    assert held(home) == 1
    capsys.readouterr()
    assert held(home, "--update", "--cause", "one-pass") == 2
    assert "needs tomlkit, which is not installed" in capsys.readouterr().err


def test_an_installed_list_is_never_edited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy inside an installed package is refused, and the message says what to give."""
    package = tmp_path / "site-packages" / "conformance"
    file = package / "adapters" / "mine" / "expectations.toml"
    file.parent.mkdir(parents=True)
    file.write_text("", encoding="utf-8")
    place = str(package / "verdict" / "known" / "expectations.py")
    monkeypatch.setattr("conformance.verdict.known.expectations.__file__", place)
    assert main(["expectations", "textbook", "--update", "--file", str(file)]) == 2
    assert "is part of an installed package" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == ""


def test_a_file_that_is_named_is_the_one_that_is_written(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --file the list lies elsewhere; it is written and told, and the usual one is left."""
    ran(home)
    before = written(home)
    other = tmp_path / "elsewhere.toml"
    other.write_text(before, encoding="utf-8")
    assert held(home, "--update", "--cause", "one-pass", "--file", str(other)) == 0
    assert f"wrote {other}" in capsys.readouterr().out
    assert "one-pass" in other.read_text(encoding="utf-8").partition("[[expect]]")[2]
    assert written(home) == before


def test_how_failures_fail_is_recorded_and_held(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After --record an expected failure that becomes another one is red, in run and command."""
    assert held(home, "--update", "--cause", "one-pass") == 0
    ran(home)
    assert held(home, "--record") == 0
    recorded = json.loads((home / "sizes.json").read_text())
    assert recorded["sizes"]["one_pass"]["offset/rows-float32-1000"].keys() == {"var"}
    ran(home)
    assert held(home) == 0
    file = home / "adapter.py"
    lost, garbage = "- mean**2\n", "- mean**2 + 1e9 * (abs(mean) > 500)\n"
    file.write_text(file.read_text().replace(lost, garbage))
    capsys.readouterr()
    ran(home)
    assert "fails otherwise than known" in capsys.readouterr().out
    assert held(home) == 1
    assert "fail otherwise than recorded" in capsys.readouterr().out
    assert held(home, "--record") == 0
    ran(home)
    assert held(home) == 0
