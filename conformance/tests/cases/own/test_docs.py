"""The page about fixtures of one's own: its recipes and its example, run as they stand."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from conformance.cases.own import recipes, words
from conformance.cases.own.forms import RAW
from conformance.cases.own.generate import generate
from conformance.cli import main

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[4]))
PAGE = CHECKOUT / "docs" / "fixtures.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the page is in the checkout")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_three_recipes_give_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each recipe makes as many cases and values as stand below it, under the name that it has."""
    monkeypatch.chdir(tmp_path)
    shown = re.findall(
        r"^    \$ conformance (generate (\S+)\.toml --out \S+)\n    (wrote: .*?) \(",
        PAGE.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(shown) == len(blocks("toml")) == 3
    for (command, name, wrote), text in zip(shown, blocks("toml"), strict=True):
        Path(f"{name}.toml").write_text(text)
        assert main(command.split()) == 0
        assert capsys.readouterr().out.startswith(f"{wrote} (")


def test_the_case_that_is_shown_is_printed_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `conformance show` prints on the page is what it prints, but for errors of kernels.

    Those depend on the order in which a processor's vectors are added.
    """
    text = PAGE.read_text(encoding="utf-8")
    (command, said) = re.findall(
        r"^    \$ conformance (show .*)\n((?:    .*\n|\n)+)", text, re.MULTILINE
    )[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("rust.toml").write_text(blocks("toml")[0])
    assert main(["generate", "rust.toml", "--out", "tests/golden"]) == 0
    capsys.readouterr()
    assert main(command.split()) == 0
    wanted = [line[4:].rstrip() for line in said.rstrip().splitlines()]
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    cut, errors = wanted.index("  ..."), next(i for i, w in enumerate(wanted) if "off by" in w)
    assert printed[:cut] == wanted[:cut]
    rest = printed[cut - len(wanted) + 1 :]
    assert rest[: errors - cut] == wanted[cut + 1 : errors + 1]
    grades = [re.sub(r"[\d.e]+", "#", " ".join(line.split())) for line in wanted[errors:]]
    assert [
        re.sub(r"[\d.e]+", "#", " ".join(line.split())) for line in rest[-len(grades) :]
    ] == grades


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines of Python run where the recipe that they name lies."""
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(blocks("toml")[2])
    (code,) = blocks("python")
    exec(code, {})  # noqa: S102 - our own page
    assert {path.name for path in Path().iterdir()} == {"my.toml", "tests", "plain"}


def test_the_description_of_raw_arrays_is_read(tmp_path: Path) -> None:
    """The arrays.json of the page, beside values that fit it, is a call."""
    (tmp_path / "raw").mkdir()
    (text,) = blocks("json")
    (tmp_path / "raw" / RAW).write_text(text)
    (tmp_path / "raw" / "x").write_bytes(bytes(range(24)))
    (tmp_path / "raw" / "gamma.bin").write_bytes(bytes(12))
    assert generate(tmp_path / "raw", tmp_path / "own").cases == ("own/raw",)


def test_every_key_of_a_recipe_is_an_option() -> None:
    """What a problem may say and an option may say is the same, and the page names each."""
    text = PAGE.read_text(encoding="utf-8")
    for name in (*recipes._CHOICES, "count", "earlier", "name", "id", "about", "catches"):
        assert f"`--{name.replace('_', '-')}`" in text
    for word in ("put:0:3:nan", words.NONE):
        assert f"`{word}`" in text
