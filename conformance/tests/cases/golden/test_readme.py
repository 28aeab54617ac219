"""The format as its README tells it, for readers who have only h5py."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # h5py has no annotations
import numpy as np
import pytest

from conformance import places
from conformance.cases import catalogue, golden
from conformance.cases.golden import bounds, content, writing

README = places.folder("fixtures") / "README.md"
TEXT = README.read_text(encoding="utf-8")


def stored(file: Path, name: str) -> dict[str, tuple[str, list[int], bytes]]:
    """Type, shape and bytes of every dataset of a case, taken from the file by offset."""
    image, found = file.read_bytes(), {}

    def visit(path: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            at, size = item.id.get_offset() or 0, item.id.get_storage_size()
            width = item.id.get_type().get_size()
            kind = "bfloat16" if (item.dtype, width) == (np.float32, 2) else str(item.dtype)
            found[path] = kind, list(item.shape), image[at : at + size]

    with h5py.File(file) as opened:
        opened[name].visititems(visit)
    return found


def told(file: Path, name: str) -> dict[str, tuple[str, list[int], bytes]]:
    """Type, shape and bytes of every attribute of a case, as h5py shows them."""
    found = {}
    with h5py.File(file) as opened:
        for key, value in opened[name].attrs.items():
            text = isinstance(value, bytes)
            kind = "utf-8" if text else str(value.dtype)
            found[key] = kind, list(np.shape(value)), bytes(value) if text else value.tobytes()
    del found["sha256"]
    return found


def test_example_runs(
    fixtures: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's example, six lines of h5py alone, prints a case of the files beside it."""
    example = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    assert len([line for line in example.splitlines() if line]) <= 6
    monkeypatch.chdir(fixtures)
    exec(compile(example, str(README), "exec"), {})  # noqa: S102 - our own example
    printed = capsys.readouterr().out
    assert "bfloat16 catches: the mistake of dense/bfloat16\n" in printed
    assert "0.14257812" in printed  # 1/7 rounded to bfloat16, as h5py shows it


def test_the_grade_of_the_readme_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's few lines grade what is due, rounded once, A, and what is off by 1e-3 wrong."""
    example = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[1]
    writing.write(list(golden.load_matching("dense/*")), tmp_path, explain={"dense": "Some."})
    bounds.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(example, str(README), "exec"), names)  # noqa: S102 - our own example
    with h5py.File("dense.h5") as file:
        name = next(n for n in file if file[n]["x"].dtype == np.float32)
        y = file[name]["expected/y"][()]
    assert names["grade"]("dense", name, "y", y.astype(np.float32)) == "A"
    assert names["grade"]("dense", name, "y", (y + 1e-3).astype(np.float32)) == "wrong"


@pytest.mark.parametrize("name", ["dense/bfloat16-mixed", "odd/nan", "odd/empty", "odd/axes"])
def test_digest_is_what_the_readme_says(name: str, fixtures: Path) -> None:
    """A digest computed from the README's words, with h5py and hashlib, is the manifest's."""
    group, rest = name.split("/")
    file = fixtures / f"{group}.h5"
    whole = hashlib.sha256(f"conformance/golden/2 {name}\n".encode())
    marked = [(f"@{key}", item) for key, item in sorted(told(file, rest).items())]
    for key, (kind, shape, data) in [*marked, *sorted(stored(file, rest).items())]:
        whole.update(f"{key} {kind} {shape} {len(data)}\n".encode() + data)
    assert whole.hexdigest() == golden.manifest(fixtures).entries[name].digest


def test_example_opens_a_file_of_the_catalogue() -> None:
    """The file that the README opens is one that the catalogue makes."""
    (group,) = set(re.findall(r"([a-z-]+)\.h5", TEXT))
    assert group in catalogue.GROUPS


def test_readme_explains_everything_stored() -> None:
    """Every dataset and every attribute has a row in the README, and the schema is named."""
    of_bounds = re.search(r"^## Bounds\n.*?(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
    assert of_bounds is not None
    lines = TEXT.replace(of_bounds[0], "").splitlines()
    rows = "\n".join(line.split("|")[1] for line in lines if line.startswith("|"))
    names = set(re.findall(r"`([a-z_0-9/]+)`", rows))
    outputs = {f"expected/{name}" for name in content.OUTPUTS}
    assert names == {*content.INPUTS, *outputs, *content.ATTRIBUTES, content.BLOCK, "sha256"}
    assert f"`{content.SCHEMA}`" in TEXT
