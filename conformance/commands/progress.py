"""How far a check has come, drawn where somebody looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from conformance.verdict.record import CaseResult

Advance: TypeAlias = "Callable[[int, int, CaseResult], None]"
"""Called after every case with how many are done, of how many, and its result."""


@contextmanager
def progress_bar(title: str, *, quiet: bool = False) -> Iterator[Advance]:
    """A bar on standard error, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import (  # noqa: PLC0415 - takes 60 ms, and CI has no terminal
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    from conformance.commands.console import drawn  # noqa: PLC0415 - the same

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=drawn(stderr=True), transient=True
    ) as progress:
        bar = progress.add_task(title, total=None)

        def advance(done: int, total: int, result: CaseResult) -> None:
            progress.update(bar, completed=done, total=total, description=f"{title} {result.group}")

        yield advance
