"""The manifest: listing without opening, selecting without surprises, refusing forgeries."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import pytest

from conformance.cases import golden
from conformance.cases.golden import hdf5, writing
from conformance.cases.golden.listing import NAME, describe
from conformance.errors import GoldenFileError, SelectionError
from conformance.tests.cases.golden import samples
from conformance.tests.cases.golden.sealing import seal

FLIPS = 200


def test_entries_describe_the_cases(fixtures: Path) -> None:
    """Every case has an entry with its mode, type, layout, outputs, purpose and digest."""
    found = golden.manifest(fixtures)
    assert list(found.entries) == sorted(case.id for case in samples.everything())
    assert found.entries == {case.id: describe(case) for case in samples.everything()}
    assert set(found.files) == {"dense.h5", "odd.h5"}
    mixed, last = found.entries["dense/bfloat16-mixed"], found.entries["odd/last"]
    assert (mixed.mode, mixed.dtype, mixed.layout) == ("train", "bfloat16+float32", "NC")
    assert (last.mode, last.dtype, last.layout, last.due) == ("test", "float16", "NHWC", ("y",))


def test_listing_opens_no_golden_file(spoilable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest alone suffices to list and to select."""
    for file in spoilable.glob("*.h5"):
        file.unlink()
    monkeypatch.setattr(h5py, "File", None)
    assert golden.select("odd/*", spoilable) == [
        name for name in golden.manifest(spoilable).entries if name.startswith("odd/")
    ]


def test_digest_names_the_catalogue(tmp_path: Path) -> None:
    """One changed word in one case changes the digest of the catalogue, an explanation does not."""
    digests = []
    for made, about in (("a", "b"), ("a", "c"), ("z", "b")):
        writing.write([samples.dense("a/b")], tmp_path, explain={"a": about})
        first = golden.manifest(tmp_path).digest
        case = samples.case(
            "a/b", samples.dense("a/b").inputs, samples.dense("a/b").expected, made=made
        )
        writing.write([case], tmp_path, explain={"a": about})
        assert golden.manifest(tmp_path).digest != first
        digests.append(golden.manifest(tmp_path).digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("dense/bfloat16", ["dense/bfloat16"]),
        ("bfloat16", ["dense/bfloat16", "dense/bfloat16-mixed"]),
        ("dense/bf*", ["dense/bfloat16", "dense/bfloat16-mixed"]),
        ("*/?an", ["odd/nan"]),
        (["odd/n*", "float64", "odd/nan"], ["dense/float64", "odd/nan"]),
    ],
)
def test_patterns_select(pattern: str | list[str], ids: list[str], fixtures: Path) -> None:
    """An id selects itself, a glob what it matches, other text every id that holds it."""
    assert golden.select(pattern, fixtures) == ids


def test_no_pattern_selects_everything(fixtures: Path) -> None:
    """None selects every case, in the manifest's order."""
    assert golden.select(None, fixtures) == list(golden.manifest(fixtures).entries)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("dense/float46", r"no case matches 'dense/float46'\. .*dense/float64"),
        (["odd/nan", "dense/floot*"], r"'dense/floot\*'.*dense/float"),
        ("xyzzy", r"Groups are: dense, odd"),
        ("", "no case matches ''"),
        ([], "no pattern was given"),
    ],
)
def test_selecting_nothing_is_an_error(
    pattern: str | list[str], message: str, fixtures: Path
) -> None:
    """A pattern that matches nothing is refused, one of several included, with near names."""
    with pytest.raises(SelectionError, match=message):
        golden.select(pattern, fixtures)


def test_rewritten_manifest_is_seen(tmp_path: Path) -> None:
    """A manifest that changes between two calls is read again."""
    writing.write([samples.dense("a/b")], tmp_path, explain={"a": "c"})
    first = golden.manifest(tmp_path)
    writing.write([samples.dense("a/bc")], tmp_path, explain={"a": "c"})
    assert list(first.entries) == ["a/b"]
    assert list(golden.manifest(tmp_path).entries) == ["a/bc"]


def test_missing_manifest_is_an_error(tmp_path: Path) -> None:
    """A folder without a manifest holds no golden files, and the error says how to get some."""
    with pytest.raises(GoldenFileError, match=rf"{NAME} cannot be read.*conformance generate"):
        golden.manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no readable JSON"),
        ("{", "no readable JSON"),
        ("[" * 100_000, "no readable JSON"),
        ("\xff", "no readable JSON"),
        ("[]", "has schema None"),
        ("{}", "has schema None"),
        (
            '{"schema": "conformance/golden/1"}',
            "'conformance/golden/1', 'conformance/golden/2'",
        ),
        ('{"schema": "conformance/golden/2"}', "does not keep schema"),
    ],
)
def test_foreign_manifest_is_an_error(text: str, message: str, tmp_path: Path) -> None:
    """What is no manifest, or one of another schema, is refused with what was found."""
    (tmp_path / NAME).write_text(text, encoding="latin-1")
    with pytest.raises(GoldenFileError, match=message):
        golden.manifest(tmp_path)


def test_oversize_manifest_is_an_error(spoilable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest above the cap is refused before it is read."""
    monkeypatch.setattr("conformance.cases.golden.listing._LARGEST", 100)
    with pytest.raises(GoldenFileError, match="at most 100 were wanted"):
        golden.manifest(spoilable)


def rename(payload: dict[str, Any], name: str) -> None:
    """Give the first case another id."""
    payload["cases"][name] = payload["cases"].pop("odd/nan")


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no case": lambda p: p["cases"].clear(),
    "path for an id": lambda p: rename(p, "../nan"),
    "absolute path for an id": lambda p: rename(p, "/etc/passwd"),
    "path inside the file": lambda p: rename(p, "odd/nan/expected"),
    "case without file": lambda p: rename(p, "other/nan"),
    "no outputs": lambda p: p["cases"]["odd/nan"].update(due=[]),
    "unknown output": lambda p: p["cases"]["odd/nan"].update(due=["z"]),
    "number for a text": lambda p: p["cases"]["odd/nan"].update(catches=1),
    "fact too many": lambda p: p["cases"]["odd/nan"].update(extra="1"),
    "fact too few": lambda p: p["cases"]["odd/nan"].pop("mode"),
    "no size": lambda p: p["files"]["odd.h5"].update(size="1"),
    "negative size": lambda p: p["files"]["odd.h5"].update(size=-1),
    "cases as a list": lambda p: p.update(cases=[]),
    "no digest": lambda p: p.pop("digest"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_malformed_manifest_is_refused(
    kind: str, spoilable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A manifest that is malformed is refused even if its digest is forged to match."""
    payload = json.loads((spoilable / NAME).read_bytes())
    FORGERIES[kind](payload)
    (spoilable / NAME).write_text(json.dumps(payload))
    monkeypatch.setattr("conformance.cases.golden.listing._digest", lambda _: payload.get("digest"))
    with pytest.raises(GoldenFileError, match="does not keep schema"):
        golden.manifest(spoilable)


@pytest.mark.parametrize("fact", ["mode", "dtype", "layout", "catches", "digest"])
def test_manifest_that_says_otherwise_than_the_file_is_refused(
    fact: str, spoilable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fact of an entry is held against the case, so a listing cannot lie for long."""
    payload = json.loads((spoilable / NAME).read_bytes())
    payload["cases"]["odd/nan"][fact] = "x"
    (spoilable / NAME).write_text(json.dumps(payload))
    with pytest.raises(GoldenFileError, match="the cases have digest"):
        golden.manifest(spoilable)
    monkeypatch.setattr("conformance.cases.golden.listing._digest", lambda _: payload["digest"])
    with pytest.raises(GoldenFileError, match="odd/nan"):
        list(golden.load(["odd/nan"], spoilable))


def test_flipped_bit_is_refused_or_harmless(spoilable: Path) -> None:
    """After a flipped bit in the manifest, nothing is read or exactly what was written."""
    file, choose = spoilable / NAME, random.Random(93)  # noqa: S311 - places, not secrets
    good, image = golden.manifest(spoilable), file.read_bytes()
    ids = list(good.entries)
    for _ in range(FLIPS):
        at, bit = choose.randrange(len(image)), choose.randrange(8)
        file.write_bytes(image[:at] + bytes([image[at] ^ 1 << bit]) + image[at + 1 :])
        try:
            assert golden.manifest(spoilable).entries == good.entries
            assert [case.id for case in golden.load(ids, spoilable)] == ids
        except GoldenFileError:
            continue


def test_purpose_of_a_file_is_held_against_the_file(spoilable: Path) -> None:
    """What the manifest says of a family must stand in its file too."""
    seal(spoilable, odd="Another purpose.")
    with pytest.raises(GoldenFileError, match="its about is"):
        list(hdf5.load(["odd/nan"], spoilable))
