"""Reading: every case comes back bit for bit, verified and unwritable."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Case, Inputs, Outputs
from conformance.cases import golden
from conformance.cases.golden import content, floats, hdf5, writing
from conformance.errors import GoldenFileError, SelectionError
from conformance.tests.cases.golden import samples
from conformance.tests.cases.golden.sealing import seal

CASES = {case.id: case for case in samples.everything()}
FLIPS, CUTS = 300, 60


@pytest.mark.parametrize("name", CASES)
def test_case_comes_back_as_it_was(name: str, fixtures: Path) -> None:
    """Inputs, outputs, words and numbers survive, every bit of NaNs and signed zeros included."""
    (found,) = golden.load([name], fixtures)
    wanted = CASES[name]
    assert content.attributes(found) == content.attributes(wanted)
    held, given = content.arrays(found), content.arrays(wanted)
    assert held.keys() == given.keys()
    for key, array in given.items():
        assert (held[key].dtype, held[key].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(floats.bits(held[key]), floats.bits(array))
    assert (found.inputs.axis, found.problem.cites) == (wanted.inputs.axis, wanted.problem.cites)
    assert found.inputs.memory == wanted.inputs.memory


def test_every_bfloat16_comes_back(tmp_path: Path) -> None:
    """All 65 536 patterns of bfloat16 are stored as bfloat16 and come back unchanged."""
    x = np.arange(2**16, dtype=np.uint16).reshape(-1, 2).view(samples.BFLOAT16)
    case = samples.case("a/all", Inputs(x=x), Outputs(mean=np.zeros(2)))
    writing.write([case], tmp_path, explain={"a": "Every pattern."})
    (found,) = golden.load(["a/all"], tmp_path)
    np.testing.assert_array_equal(found.inputs.x.view(np.uint16), x.view(np.uint16))


def test_cases_come_in_the_order_asked_for(fixtures: Path) -> None:
    """Ids of several groups, mixed and repeated, give their cases in that order."""
    ids = ["odd/nan", "dense/float16", "odd/empty", "odd/empty"]
    assert [case.id for case in golden.load(ids, fixtures)] == ids


def test_arrays_cannot_be_written_to(fixtures: Path) -> None:
    """No array of a case that was read can be changed, slices of the history included."""
    for case in golden.load(golden.select(None, fixtures), fixtures):
        arrays = [getattr(case.inputs, field.name) for field in fields(case.inputs)]
        found = [*arrays, *case.inputs.earlier, *case.expected.items().values()]
        assert not [a for a in found if isinstance(a, np.ndarray) and a.flags.writeable]


def test_reading_writes_nothing(spoilable: Path) -> None:
    """Reading leaves the folder as it was, and works where nothing may be written."""
    before = {path.name: path.stat() for path in spoilable.iterdir()}
    spoilable.chmod(0o555)
    try:
        list(golden.load(golden.select(None, spoilable), spoilable))
    finally:
        spoilable.chmod(0o755)
    after = {path.name: path.stat() for path in spoilable.iterdir()}
    assert {name: one.st_mtime_ns for name, one in after.items()} == {
        name: one.st_mtime_ns for name, one in before.items()
    }


def test_unknown_case_is_named_at_once(fixtures: Path) -> None:
    """An id that does not exist is refused before anything is read, with near names."""
    with pytest.raises(SelectionError, match=r"'dense/float6'.*dense/float64"):
        golden.load(["dense/float6"], fixtures)
    with pytest.raises(SelectionError, match="no case id was given"):
        golden.load([], fixtures)


def test_missing_file_is_named(spoilable: Path) -> None:
    """A golden file that the manifest names and the folder lacks is an error with a remedy."""
    (spoilable / "odd.h5").unlink()
    with pytest.raises(GoldenFileError, match=r"odd\.h5: .*No such file.* conformance generate"):
        next(golden.load(["odd/nan"], spoilable))


READERS = {"index": golden.load, "hdf5": hdf5.load}
Reader = Callable[[list[str], Path], Iterable[Case]]

readers = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
"""The suite's own way to read, and that of the audit and of strangers."""


def read(folder: Path, reader: Reader = golden.load) -> list[Case]:
    """Every case of ``dense.h5``."""
    return list(reader(golden.select("dense/*", folder), folder))


@readers
@pytest.mark.parametrize("sealed", [False, True], ids=["as-it-is", "manifest-forged"])
def test_flipped_bit_is_refused_or_harmless(
    reader: Reader, spoilable: Path, *, sealed: bool
) -> None:
    """A flipped bit is always seen; where the manifest is forged to match, no value changes."""
    file, choose = spoilable / "dense.h5", random.Random(93)  # noqa: S311 - places, not secrets
    image = file.read_bytes()
    digests = [content.digest(case) for case in read(spoilable)]
    refused = 0
    for _ in range(FLIPS):
        at, bit = choose.randrange(len(image)), choose.randrange(8)
        file.write_bytes(image[:at] + bytes([image[at] ^ 1 << bit]) + image[at + 1 :])
        if sealed:
            seal(spoilable)
        try:
            assert [content.digest(case) for case in read(spoilable, reader)] == digests
        except GoldenFileError as error:
            assert "dense.h5" in str(error)  # noqa: PT017 - either outcome is right
            refused += 1
    least = FLIPS // 4 if reader is hdf5.load else 0  # the index needs no byte but the values
    assert refused == FLIPS if not sealed else least < refused < FLIPS


@readers
@pytest.mark.parametrize("sealed", [False, True], ids=["as-it-is", "manifest-forged"])
def test_truncated_file_is_refused_or_harmless(
    reader: Reader, spoilable: Path, *, sealed: bool
) -> None:
    """A file cut at any place is refused; a forged manifest helps it where no value is cut off."""
    file, choose = spoilable / "dense.h5", random.Random(93)  # noqa: S311 - places, not secrets
    image = file.read_bytes()
    digests = [content.digest(case) for case in read(spoilable)]
    cuts, refused = [0, 1, 8, 512, len(image) - 1, *choose.sample(range(len(image)), CUTS)], 0
    for cut in cuts:
        file.write_bytes(image[:cut])
        if sealed:
            seal(spoilable)
        try:
            assert [content.digest(case) for case in read(spoilable, reader)] == digests
        except GoldenFileError as error:
            assert "dense.h5" in str(error)  # noqa: PT017 - either outcome is right
            refused += 1
    always = reader is hdf5.load or not sealed
    assert refused == len(cuts) if always else len(cuts) // 2 < refused < len(cuts)


def test_longer_file_is_refused(spoilable: Path) -> None:
    """Bytes after the end of a golden file are seen."""
    with (spoilable / "dense.h5").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(GoldenFileError, match=r"it has \d+ bytes, the manifest wants \d+"):
        read(spoilable)


def test_forged_case_is_refused_by_the_manifest(spoilable: Path, tmp_path: Path) -> None:
    """Whatever a consistent file says, only the case that the manifest wants is ever read."""
    other = tmp_path / "other"
    forged = samples.dense("dense/float16", np.float16, eps=0.25)
    cases = [case for case in samples.everything() if case.id != forged.id]
    writing.write([*cases, forged], other, explain=samples.EXPLAIN)
    (spoilable / "dense.h5").write_bytes((other / "dense.h5").read_bytes())
    seal(spoilable)
    with pytest.raises(GoldenFileError, match=r"'dense/float16': its digest is '\w+', the man"):
        next(hdf5.load([forged.id], spoilable))
    (kept,) = golden.load([forged.id], spoilable)  # whose values are as they were
    assert content.digest(kept) == golden.manifest(spoilable).entries[forged.id].digest


def test_matching_cases_are_read(fixtures: Path) -> None:
    """Cases are read by pattern as well, and a pattern that matches nothing is refused."""
    found = [case.id for case in golden.load_matching("odd/na*", fixtures)]
    assert found == ["odd/nan"]
    assert len(list(golden.load_matching(folder=fixtures))) == len(CASES)
    with pytest.raises(SelectionError, match="'xyzzy'"):
        golden.load_matching("xyzzy", fixtures)
