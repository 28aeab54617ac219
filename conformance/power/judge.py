"""Which judge a measurement was made with: a digest of the code that decides a verdict.

Detection power is that of these files and of the golden cases, whose digest stands beside it.
Only what they do counts: comments, docstrings and line endings may change.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

FILES = (
    "arrays.py",  # which output has which shape and type
    "float_types.py",  # the roundoff
    "case.py",  # the limit, and the number of values per channel
    "oracle/arithmetic.py",
    "oracle/bounds.py",
    "oracle/channels.py",
    "oracle/measured.py",
    "oracle/root.py",
    "oracle/sequential/classes.py",
    "oracle/sequential/losses.py",
    "oracle/sequential/sums.py",
    "oracle/sequential/welford.py",
    "oracle/solve.py",  # which outputs have a bound
    "oracle/storage.py",
    "verdict/lossier.py",
    "verdict/ruler.py",
    "verdict/yardstick.py",
)
"""Modules of the package that decide which answer gets which grade."""


def judge() -> dict[str, Any]:
    """The files of the judge that is installed, and their digest."""
    package = resources.files("conformance")
    return {
        "digest": digest(package.joinpath(f).read_text("utf-8") for f in FILES),
        "files": [*FILES],
    }


def digest(sources: Iterable[str]) -> str:
    """SHA-256 of what sources say to a Python interpreter, the same in every version of it."""
    trees = [_told(ast.parse(source)) for source in sources]
    return hashlib.sha256(json.dumps(trees).encode()).hexdigest()


def _told(node: Any) -> Any:
    """A tree as lists, without places, docstrings and what this version of Python may add."""
    if isinstance(node, ast.AST):
        fields = ((name, _told(value)) for name, value in ast.iter_fields(node))
        return [type(node).__name__, *([n, v] for n, v in fields if v not in (None, []))]
    if isinstance(node, list):
        return [_told(item) for item in node if not _is_text(item)]
    return node if node is None else repr(node)


def _is_text(node: Any) -> bool:
    """Whether a statement is a text and nothing else, which does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
