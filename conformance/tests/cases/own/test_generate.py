"""`conformance.generate`: everything that it takes, and what it gives back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.cases.own.telling import EXAMPLE
from conformance.errors import InputError, RecipeError
from conformance.tests.cases.own import giving

X = np.array([[1, 2, 4], [3, 5, -1], [8, 1, 0]], np.float32)


def test_a_recipe_is_a_file_or_what_it_holds(tmp_path: Path) -> None:
    """The path of a recipe and a mapping that says the same give the same bytes."""
    text = 'name = "mine"\nabout = "Mine."\n[[problem]]\nid = "a"\nshape = [4, 3]\n'
    (tmp_path / "my.toml").write_text(text)
    held = {"name": "mine", "about": "Mine.", "problem": [{"id": "a", "shape": (4, 3)}]}
    one = conformance.generate(str(tmp_path / "my.toml"), tmp_path / "one")
    other = conformance.generate(held, str(tmp_path / "other"))
    assert one.cases == other.cases == ("mine/a",)
    assert (one.digest, one.proven) == (other.digest, other.proven)
    files = [file for file in one.folder.rglob("*") if file.is_file()]
    assert len(files) == 6  # two of them bounds
    for file in files:
        assert file.read_bytes() == (other.folder / file.relative_to(one.folder)).read_bytes()


def test_calls_are_solved_as_they_are(tmp_path: Path) -> None:
    """One call, several, or several by name: the inputs come back with their exact answers."""
    call = conformance.Inputs(x=X, eps=0.5)
    for what, names in (
        (call, ["own/1"]),
        ([call, call], ["own/1", "own/2"]),
        ({"b": call, "a": call}, ["own/a", "own/b"]),
    ):
        done = conformance.generate(what, tmp_path / "own")
        found = list(conformance.load(folder=done.folder))
        assert [case.id for case in found] == [*done.cases] == names
        np.testing.assert_array_equal(found[0].inputs.x, X)
        wanted = conformance.expected(X, eps=0.5).y
        np.testing.assert_array_equal(found[0].expected.y, wanted, strict=True)


def test_arrays_in_files_are_taken(tmp_path: Path) -> None:
    """The path of anything but a recipe is that of arrays, called as they are."""
    giving.write_npy(tmp_path / "layer3", giving.call("bfloat16+float32"))
    done = conformance.generate(tmp_path / "layer3", tmp_path / "own", name="net", about="Real.")
    assert done.cases == ("net/layer3",)
    (case,) = conformance.load(folder=done.folder)
    assert case.inputs.types == "bfloat16+float32"


def test_progress_is_told(tmp_path: Path) -> None:
    """Whoever wants to know is told before each case."""
    told: list[str] = []
    call = conformance.Inputs(x=X)
    conformance.generate([call] * 3, tmp_path / "own", tell=lambda *said: told.append(said[2]))
    assert told == ["own/1", "own/2", "own/3"]


@pytest.mark.parametrize(
    ("what", "error", "message"),
    [
        ([X], RecipeError, "call 1 is a ndarray, conformance.Inputs was wanted"),
        ([], RecipeError, "there is no problem"),
        ({"a": conformance.Inputs(x=X), "b": X}, RecipeError, "call b is a ndarray"),
        ({}, RecipeError, "no usable recipe"),
        (replace(conformance.Inputs(x=X), eps=-1.0), InputError, "eps is -1.0"),
        ("absent.toml", RecipeError, "No such file"),
        ("absent.npz", RecipeError, "No such file"),
    ],
)
def test_what_is_no_problem_is_refused(
    what: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    """What cannot be solved is an error, and no folder is made."""
    with pytest.raises(error, match=message):
        conformance.generate(what, tmp_path / "own")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", [{"name": "a/b"}, {"name": ""}, {"about": ""}, {"about": "a\0"}])
def test_what_no_file_can_be_called_is_refused(said: dict[str, str], tmp_path: Path) -> None:
    """A name or a purpose that is none is refused for given calls as it is in a recipe."""
    with pytest.raises(RecipeError, match="what is said of the file is no usable recipe"):
        conformance.generate(conformance.Inputs(x=X), tmp_path / "own", **said)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_example_of_the_words_is_made(tmp_path: Path) -> None:
    """The recipe that `conformance list recipes` shows can be made, here of smaller sizes."""
    text = EXAMPLE.replace("56, 56, 64", "4, 4, 3").replace("7, 7, 128", "2, 2, 3")
    (tmp_path / "my.toml").write_text(text)
    assert len(conformance.generate(tmp_path / "my.toml", tmp_path / "own").cases) == 36
