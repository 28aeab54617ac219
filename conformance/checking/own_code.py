"""Which code a check was made by: a digest over this package's own source and its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import conformance
from conformance import places
from conformance.checking import closure

_LEFT_OUT = frozenset({"tests", "adapters", "fixtures", "__pycache__"})


@cache
def digest() -> str:
    """SHA-256 over all source files and schemas of the package and the manifest of its cases.

    Tests and adapters take no part in a check; the golden files are vouched for by the manifest.
    """
    package = Path(conformance.__file__).resolve().parent
    files = {file.relative_to(package).as_posix(): file for file in _files(package)}
    files["MANIFEST.json"] = places.folder("fixtures") / "MANIFEST.json"
    return closure.digest({n: hashlib.sha256(f.read_bytes()).hexdigest() for n, f in files.items()})


def _files(package: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(package):
        below[:] = [name for name in below if name not in _LEFT_OUT]
        yield from (Path(folder, name) for name in names if name.endswith((".py", ".json")))
