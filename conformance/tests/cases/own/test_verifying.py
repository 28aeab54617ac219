"""Verifying: whatever differs from what the stored inputs make is found, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

from conformance.case import Case
from conformance.cases import golden
from conformance.cases.golden import writing
from conformance.cases.own import making, recipes
from conformance.cases.own.verifying import Verified, verify
from conformance.errors import GoldenFileError
from conformance.tests.cases.golden.sealing import seal

RECIPE = {"problem": [{"id": "a", "shape": [4, 3], "mode": "both", "types": "bfloat16+float32"}]}
NAMES = ("own/a-test", "own/a-train")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Golden files of two cases."""
    drafts = recipes.drafts(RECIPE)
    return making.make(drafts, tmp_path / "own", about="Two.", tell=lambda *_: None).folder


def held(folder: Path) -> Verified:
    """What `verify` says, and that nothing was changed by it."""
    before = state(folder)
    found = verify(folder, tell=lambda *_: None)
    assert before == state(folder)
    return found


def state(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """What every file holds, and when it was written."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_what_was_made_is_verified(folder: Path) -> None:
    """Files that were just made have no difference, and every value of them is proven."""
    (folder / "README.md").write_text("free")
    found = held(folder)
    assert (found.cases, found.wrong) == (2, [])
    cases = golden.load(golden.select(None, folder), folder)
    assert found.proven == sum(a.size for case in cases for a in case.expected.items().values())


def test_progress_is_told(folder: Path) -> None:
    """How many are done, of how many, and which is next."""
    told: list[tuple[int, int, str]] = []
    verify(folder, tell=lambda *said: told.append(said))
    assert told == [(0, 2, NAMES[0]), (1, 2, NAMES[1])]


@pytest.mark.parametrize("name", ["x", "dy", "gamma", "running_var", "expected/y", "expected/dx"])
def test_a_flipped_bit_is_found(name: str, folder: Path) -> None:
    """One bit of an input or of an expected value makes it fail, and names the file."""
    file = folder / "own.h5"
    with h5py.File(file) as stored:
        at = stored["a-train"][name].id.get_offset()
    image = bytearray(file.read_bytes())
    image[at] ^= 1
    file.write_bytes(image)
    (line,) = held(folder).wrong
    assert "own.h5: its SHA-256 is" in line


def forged(folder: Path, change: Callable[[Case], Case]) -> None:
    """Write one of the cases changed, and everything that vouches for it."""
    cases = [
        change(case) if case.id == NAMES[1] else case
        for case in golden.load(golden.select(None, folder), folder)
    ]
    writing.write(cases, folder, explain={"own": "Two."})


def wrong_value(case: Case) -> Case:
    """The case with one y off by one unit in the last place."""
    y = case.expected.y.copy()  # type: ignore[union-attr]  # the case has one
    y[0, 0] = np.nextafter(y[0, 0], 9)
    return replace(case, expected=replace(case.expected, y=y))


def wrong_input(case: Case) -> Case:
    """The case with another gamma, and the answers of the old one."""
    inputs = replace(case.inputs, gamma=-case.inputs.gamma)  # type: ignore[operator]  # it has one
    return replace(case, problem=replace(case.problem, inputs=inputs))


def without_dx(case: Case) -> Case:
    """The case without an answer that is due."""
    return replace(case, expected=replace(case.expected, dx=None))


@pytest.mark.parametrize(
    ("change", "differs", "disproven"),
    [
        (wrong_value, "expected/y", {"y"}),
        (wrong_input, "expected/dx, expected/y", {"y", "dx"}),
        (without_dx, "expected/dx", set()),
    ],
)
def test_what_vouches_for_itself_is_found_by_its_inputs(
    change: Callable[[Case], Case], differs: str, disproven: set[str], folder: Path
) -> None:
    """Where digests, index and manifest are forged to match, the inputs solved anew tell."""
    forged(folder, change)
    wrong = held(folder).wrong
    assert f"own/a-train: {differs} differ from what was solved anew" in wrong
    named = {line.split(": ")[1].split("[")[0] for line in wrong if " is " in line}
    assert named == disproven
    assert any(line.startswith("own.h5: differs from what was written anew") for line in wrong)
    assert not any(NAMES[0] in line for line in wrong)


def test_a_byte_that_is_in_no_case_is_found(folder: Path) -> None:
    """A byte between the objects of a file is found, where the manifest vouches for it too."""
    file = folder / "own.h5"
    image = bytearray(file.read_bytes())
    at = image.rindex(b"\0" * 64) + 32
    image[at] ^= 1
    file.write_bytes(image)
    seal(folder)
    bytes_of_the_file, manifest = held(folder).wrong
    assert bytes_of_the_file == f"own.h5: differs from what was written anew at byte {at}"
    assert manifest.startswith("MANIFEST.json: differs")


@pytest.mark.parametrize("name", ["own.h5", "INDEX.json"])
def test_a_missing_file_is_found(name: str, folder: Path) -> None:
    """A file that the manifest names and the folder lacks is a difference."""
    (folder / name).unlink()
    wrong = held(folder).wrong
    assert wrong
    assert all(name in line for line in wrong)


def test_an_extra_file_is_found(folder: Path) -> None:
    """A file that no manifest names is a difference."""
    (folder / "more.h5").write_bytes(b"")
    (line,) = held(folder).wrong
    assert line.startswith("more.h5: the file is extra")


def test_a_damaged_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """What can be read is verified where a file of another group cannot be."""
    recipe = {"problem": [{"id": "a", "shape": [4, 3]}]}
    one, other = (recipes.drafts({"name": name, **recipe}) for name in ("one", "two"))
    making.make([*one, *other], tmp_path / "own", about="Two.", tell=lambda *_: None)
    (tmp_path / "own" / "one.h5").write_bytes(b"not HDF5")
    found = held(tmp_path / "own")
    assert found.cases == 1
    (line,) = found.wrong
    assert "one.h5: it has 8 bytes" in line


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    """Nothing to verify is an error, and no success."""
    with pytest.raises(GoldenFileError, match=r"MANIFEST\.json cannot be read"):
        verify(tmp_path, tell=lambda *_: None)


def test_inputs_without_an_answer_are_told(folder: Path) -> None:
    """Stored inputs on which batch normalization is not defined are a difference."""
    forged(
        folder,
        lambda case: replace(
            case, problem=replace(case.problem, inputs=replace(case.inputs, eps=-1.0))
        ),
    )
    (line,) = held(folder).wrong
    assert "own/a-train: its inputs have no answer: eps is -1.0" in line
