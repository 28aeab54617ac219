"""The self-test of an adapter's paths, each in a worker process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from conformance import adapter, documents
from conformance.checking.selftest.examine import examine
from conformance.checking.selftest.outcome import Finding, Outcome, in_order
from conformance.checking.selftest.stated import mistakes
from conformance.harness import run as runner
from conformance.harness.column import Column
from conformance.harness.session import CASE_SECONDS, Session

_LARGEST = 16 << 20
"""Bytes of a file of Python."""


def is_adapter(selector: str) -> bool:
    """Whether a selector names an adapter or its file: nothing is imported to find out."""
    name, _ = adapter.split(selector)
    if not name.endswith(".py"):
        return ":" not in selector and name in adapter.names()
    try:
        tree = ast.parse(documents.read_bytes(Path(name), _LARGEST))
    except (OSError, SyntaxError, ValueError):
        return False
    targets = (t for node in tree.body for t in _assigned(node))
    return any(isinstance(t, ast.Name) and t.id == "ADAPTER" for t in targets)


def outcomes(
    selector: str, *, case_seconds: float = CASE_SECONDS
) -> Iterator[tuple[Column, Outcome]]:
    """The outcome of each path of ``NAME``, ``NAME/PATH`` or ``FILE.py:PATH``.

    Raises:
        AdapterError: there is no such adapter or path, or it does not load.
        ExpectationError: its known failures are malformed or match nothing.
    """
    for column in runner.columns(selector):
        yield column, outcome(column, case_seconds=case_seconds)


def outcome(column: Column, *, case_seconds: float = CASE_SECONDS) -> Outcome:
    """The outcome of one path."""
    with Session(column.source, case_seconds=case_seconds, switches=column.switches) as session:
        found = examine(partial(session.call, column.path), column.dialect)
        of_defaults = mistakes(session.defaults(column.path), column.dialect)
        found = replace(found, findings=in_order((*found.findings, *of_defaults)))
    if column.source.endswith(".py") or column.source == column.adapter:
        return found
    misnamed = Finding(
        name="another name than the folder",
        seen=f"the folder is {column.source}, ADAPTER.name is {column.adapter!r}",
        look="Give the Adapter the name of its folder: its records are looked for under it",
    )
    return replace(found, findings=(misnamed, *found.findings))


def _assigned(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []
