"""The audit: every way in which golden files can differ from the catalogue has a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Case
from conformance.cases.golden import audit, writing
from conformance.tests.cases.golden import samples


def differences(folder: Path) -> list[str]:
    """What the audit says when `folder` should hold all samples."""
    stored, refused = audit.readable(folder)
    cases = samples.everything()
    return refused + audit.compare(cases, stored, folder, explain=samples.EXPLAIN)


def test_golden_files_of_the_same_cases_do_not_differ(spoilable: Path) -> None:
    """Files that were just written have no difference, and a README beside them is none."""
    (spoilable / "README.md").write_text("free")
    assert differences(spoilable) == []


def words(case: Case) -> Case:
    """The case with other words and numbers."""
    problem = replace(case.problem, made="x", limit=1.0)
    return replace(case, problem=problem)


def ulp(case: Case) -> Case:
    """The case with one expected value off by one unit in the last place."""
    y = case.expected.y.copy()  # type: ignore[union-attr]  # the sample has one
    y[0, 0] = np.nextafter(y[0, 0], 0)
    return replace(case, expected=replace(case.expected, y=y))


def without(case: Case) -> Case:
    """The case without its dx."""
    return replace(case, expected=replace(case.expected, dx=None))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (words, "dense/float64: limit, made differ from what was solved anew"),
        (ulp, "dense/float64: expected/y differ from what was solved anew"),
        (without, "dense/float64: expected/dx differ from what was solved anew"),
    ],
)
def test_changed_case_is_named(change: Callable[[Case], Case], line: str, spoilable: Path) -> None:
    """A case that differs is named with the parts that do, though its files are consistent."""
    cases = [change(c) if c.id == "dense/float64" else c for c in samples.everything()]
    writing.write(cases, spoilable, explain=samples.EXPLAIN)
    found = differences(spoilable)
    assert found[0] == line
    files = [text.split(":")[0] for text in found[1:]]
    told_anew = [] if change is ulp else ["INDEX.json"]  # which holds no values
    assert files == [*told_anew, "MANIFEST.json", "dense.h5"]


def test_missing_and_extra_cases_are_named(spoilable: Path) -> None:
    """A case that only one side has is named."""
    kept = [case for case in samples.everything() if case.id != "odd/nan"]
    writing.write([*kept, samples.dense("odd/new")], spoilable, explain=samples.EXPLAIN)
    assert differences(spoilable)[:2] == [
        "odd/nan: missing, the catalogue has it",
        "odd/new: extra, the catalogue does not have it",
    ]


def test_missing_and_extra_files_are_named(spoilable: Path) -> None:
    """A file that only one side has is named; its cases are not called missing."""
    (spoilable / "odd.h5").rename(spoilable / "even.h5")
    refused, missing, extra = differences(spoilable)
    assert "odd.h5" in refused
    assert missing == "odd.h5: the file is missing"
    assert extra.startswith("even.h5: the file is extra")


def test_changed_byte_is_named(spoilable: Path) -> None:
    """A byte that differs is named by file and offset, where it stands in no case too."""
    image = bytearray((spoilable / "odd.h5").read_bytes())
    image[-1] ^= 1
    (spoilable / "odd.h5").write_bytes(image)
    refused, changed = differences(spoilable)
    assert "SHA-256" in refused
    assert changed.startswith("odd.h5: 1 bytes differ")
    assert changed.endswith(f"first at offset {len(image) - 1}")


def test_changed_size_is_named(spoilable: Path) -> None:
    """A file of another size is named with both sizes."""
    with (spoilable / "odd.h5").open("ab") as stream:
        stream.write(b"\0")
    size = (spoilable / "odd.h5").stat().st_size
    expected = f"odd.h5: has {size} bytes, {size - 1} were written anew"
    assert differences(spoilable)[-1] == expected
