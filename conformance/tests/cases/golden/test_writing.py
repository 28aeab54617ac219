"""Writing: the bytes depend on the cases alone, and a folder changes whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conformance.case import Case, Inputs, Outputs
from conformance.cases.golden import writing
from conformance.cases.golden.writing import compose
from conformance.errors import GoldenFileError
from conformance.tests.cases.golden import samples

PINNED = "eedfaa96205590018152718a4cf1dd11998ae05a390748b4020ce144ffbcc582"
"""Digest of a catalogue of whole numbers: the same under every numpy and h5py."""


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of `folder` by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_order_of_the_cases_does_not_matter() -> None:
    """The same cases in another order give the same bytes."""
    cases = samples.everything()
    forwards = compose(cases, explain=samples.EXPLAIN)
    assert forwards == compose(cases[::-1], explain=samples.EXPLAIN)
    assert list(forwards) == ["dense.h5", "odd.h5", "INDEX.json", "MANIFEST.json"]


def test_bytes_are_those_of_every_library_version() -> None:
    """The bytes of a golden file are pinned, so another h5py or HDF5 cannot change them unseen."""
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    halves = x.astype(samples.BFLOAT16)
    cases = [
        samples.case("a/single", Inputs(x=x, dy=-x), Outputs(y=x.astype(float))),
        samples.case("a/half", Inputs(x=halves, earlier=(halves,)), Outputs(y=x.astype(float))),
    ]
    image = compose(cases, explain={"a": "Whole numbers, ≥ 0."})["a.h5"]
    assert hashlib.sha256(image).hexdigest() == PINNED


def test_memory_layout_of_an_array_does_not_matter() -> None:
    """Views with negative or permuted strides are stored by value."""
    x = samples.values((4, 3), np.float32)
    one = compose([samples.dense("a/b", x=x[::-1])], explain={"a": "b"})
    other = compose([samples.dense("a/b", x=x[::-1].copy(order="F"))], explain={"a": "b"})
    assert one == other


def test_other_files_stay(fixtures: Path, tmp_path: Path) -> None:
    """Golden files are replaced, those of groups that are gone removed, and the README kept."""
    (tmp_path / "README.md").write_text("kept")
    (tmp_path / "gone.h5").write_text("of a group that is no more")
    writing.write(samples.everything(), tmp_path, explain=samples.EXPLAIN)
    assert contents(tmp_path) == {**contents(fixtures), "README.md": b"kept"}


@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_interrupted_write_leaves_the_old_files(
    fatal: int, kind: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception at any step of the replacement puts every old file back."""
    old = [samples.dense("dense/old"), samples.dense("gone/old")]
    writing.write(old, tmp_path, explain={"dense": "Old.", "gone": "Old."})
    before, calls = contents(tmp_path), iter(range(1, 99))

    def failing(act: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **options: object) -> object:
            if next(calls) == fatal:
                raise kind
            return act(*args, **options)

        return step

    monkeypatch.setattr(Path, "replace", failing(Path.replace))
    monkeypatch.setattr(Path, "unlink", failing(Path.unlink))
    with pytest.raises(kind):
        writing.write(samples.everything(), tmp_path, explain=samples.EXPLAIN)
    assert contents(tmp_path) == before


def test_interrupted_first_write_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there was no golden file, an interrupted write leaves none."""
    rename = Path.replace

    def step(self: Path, target: Path) -> Path:
        if target.name == "MANIFEST.json":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", step)
    with pytest.raises(KeyboardInterrupt):
        writing.write(samples.everything(), tmp_path, explain=samples.EXPLAIN)
    assert contents(tmp_path) == {}


GOOD = samples.dense("a/b")
X = GOOD.inputs.x
LARGE = np.broadcast_to(np.float64(1), (2**27 + 1, 3))


def bad(*, expected: Outputs | None = None, words: dict[str, object] | None = None) -> Case:
    """`GOOD` with other outputs or other words."""
    problem = replace(GOOD.problem, **(words or {}))  # type: ignore[arg-type]  # wrong on purpose
    return replace(GOOD, problem=problem, expected=expected or GOOD.expected)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (bad(words={"id": "a/B"}), "does not name it"),
        (bad(words={"id": "a/b/c"}), "does not name it"),
        (bad(words={"id": "../b", "group": ".."}), "does not name it"),
        (bad(words={"group": "c"}), "does not name it"),
        (bad(words={"catches": " "}), "no plain text"),
        (bad(words={"made": "a\0b"}), "no plain text"),
        (bad(words={"cites": ("a\nb",)}), "line break"),
        (bad(expected=Outputs()), "no output is due"),
        (bad(expected=Outputs(y=samples.values((3, 4)))), r"expected/y has shape \(3, 4\)"),
        (bad(expected=Outputs(mean=samples.values((4,)))), r"\(3,\) was wanted"),
        (bad(expected=Outputs(y=X)), "expected/y is float32, float64 was wanted"),
        (samples.dense("a/b", dy=X.astype(float)), "dy is float64, float32 was wanted"),
        (samples.dense("a/b", gamma=np.ones(4)), r"gamma has shape \(4,\)"),
        (samples.dense("a/b", gamma=np.ones(3, np.int32)), "gamma is int32"),
        (samples.dense("a/b", beta=np.ones(3, ">f4")), "beta is >f4"),
        (samples.dense("a/b", axis=2), "axis 2 does not name"),
        (samples.dense("a/b", axis=(1, -1)), "does not name"),
        (samples.dense("a/b", running_var=None), "only one of running_mean"),
        (samples.dense("a/b", earlier=(X.astype(float),)), "history is float64"),
        (samples.dense("a/b", x=np.ones(3)), r"shape \(3,\), 2 to 5 axes"),
        (samples.dense("a/b", memory="striped"), "memory is 'striped', expected one of contig"),
        (samples.dense("a/b", memory="merged"), r"gamma = \[.*\] is not running_var = \["),
        (samples.dense("a/b", memory="broadcast"), "dy varies within a channel"),
        (samples.dense("a/b", x=LARGE, dy=LARGE), "at most 1073741824"),
    ],
)
def test_case_that_contradicts_itself_is_not_written(
    case: Case, message: str, tmp_path: Path
) -> None:
    """A malformed case is refused with its id and the reason, and no file is made."""
    with pytest.raises(GoldenFileError, match=message) as caught:
        writing.write([case], tmp_path / "new", explain={case.problem.group: "b"})
    assert repr(case.id) in str(caught.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("cases", "explain", "message"),
    [
        ([], {}, "nothing was given"),
        ([GOOD, GOOD], {"a": "b"}, "'a/b'"),
        ([GOOD], {}, r"groups \['a'\]"),
        ([GOOD], {"a": "b", "c": "d"}, r"groups \['c'\]"),
    ],
)
def test_catalogue_that_contradicts_itself_is_not_written(
    cases: list[Case], explain: dict[str, str], message: str, tmp_path: Path
) -> None:
    """No case, an id twice, and groups without explanation or case are refused."""
    with pytest.raises(GoldenFileError, match=message):
        writing.write(cases, tmp_path / "new", explain=explain)
    assert not (tmp_path / "new").exists()
