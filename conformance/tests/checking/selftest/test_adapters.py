"""Tests of the self-test by name: which selectors are adapters, and what the commands say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.checking.selftest.adapters import is_adapter, outcomes
from conformance.cli import main
from conformance.commands import new_adapter
from conformance.tests import data

SWAPPED = ("m, M = float(inputs.momentum)", "m, M = 1 - float(inputs.momentum)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The adapter of the template, in a folder of its own."""
    return new_adapter._written("mine", tmp_path) / "adapter.py"


def plant(file: Path) -> None:
    """Let momentum weight the old value."""
    text = file.read_text()
    assert text.count(SWAPPED[0]) == 1
    file.write_text(text.replace(*SWAPPED))


def test_adapters_are_told_from_kernels_unread(tmp_path: Path, file: Path) -> None:
    """A name, a file that defines ADAPTER and a path of either are adapters; nothing is run."""
    kernel = tmp_path / "kernel.py"
    kernel.write_text("raise SystemExit\ndef ADAPTER(): ...\n")
    for selector in ("textbook", "textbook/staged", str(file), f"{file}:plain"):
        assert is_adapter(selector)
    for selector in (f"{kernel}:f", "torch.nn:BatchNorm2d", "exec:./a", "none", "none.py:f"):
        assert not is_adapter(selector)


def test_the_doctor_takes_adapters(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A right adapter is 0, a wrong one 1 with its mistake first, one without a path 2."""
    assert main(["doctor", f"{file}:plain"]) == 0
    assert "mine/plain  passes its self-test" in capsys.readouterr().out
    plant(file)
    assert main(["doctor", str(file)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "mine/plain  does not pass its self-test: 1 mistake"
    assert said[1].startswith("  mistake: momentum swapped: ")
    assert main(["doctor", "textbook/stage"]) == 2


def test_the_doctor_says_it_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same facts, for a program."""
    plant(file)
    assert main(["doctor", str(file), "--format", "json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["column"] == "mine/plain"
    assert [f["name"] for f in told["findings"]] == ["momentum swapped"]


CUSTOMS = Path(data.__path__[0]) / "customs" / "adapter.py"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("usual", set()),
        ("other", set()),
        ("untrue", {"momentum declared the other way"}),
        ("wild", {"weight of no default"}),
        ("vague", {"defaults not told"}),
        ("fragile", {"defaults not told"}),
    ],
)
def test_defaults_are_held_to_the_declaration(path: str, names: set[str]) -> None:
    """A default call that weights the other value than declared is a mistake, as no answer is."""
    (told,) = (found for _, found in outcomes(f"{CUSTOMS}:{path}"))
    known = {"momentum declared the other way", "weight of no default", "defaults not told"}
    assert {finding.name for finding in told.mistakes} & known == names


def test_a_red_run_says_that_the_adapter_itself_is_wrong(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mistake stands before what the suite found; a green run says nothing of it."""
    run = ["run", str(file), "--case", "momentum/*"]
    assert main(run) == 0
    assert "itself" not in capsys.readouterr().out
    plant(file)
    assert main(run) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "  the adapter itself does not pass its self-test: 1 mistake"
    assert "momentum swapped" in said[2]


def test_an_adapter_has_the_name_of_its_folder(tmp_path: Path) -> None:
    """Under another name its records would be missed; a file may have any."""
    from conformance.checking.selftest import adapters  # noqa: PLC0415 - used here alone
    from conformance.harness.run import columns  # noqa: PLC0415 - the same

    del tmp_path
    (column,) = columns("textbook/staged")
    other = type(column)(**{**{n: getattr(column, n) for n in column.__slots__}, "adapter": "x"})
    assert adapters.outcome(other).findings[0].name == "another name than the folder"
