"""What ``diff --rerun`` and ``bisect`` share: where runs with other versions are made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import scratch

if TYPE_CHECKING:
    from conformance.nights.diff.laboratory import Laboratory


def add_places(parser: argparse._ActionsContainer) -> None:
    """Add the options that `laboratory` takes."""
    parser.add_argument(
        "--repository",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the suite's git repository (default: here)",
    )
    parser.add_argument(
        "--workdir", type=Path, metavar="DIR", help="keep trees and environments there"
    )
    parser.add_argument(
        "--pip",
        action="append",
        default=[],
        metavar="ARG",
        help="argument of pip, such as --pip=--extra-index-url=URL; repeatable",
    )


@contextmanager
def laboratory(
    args: argparse.Namespace, command: str, *, beside: Sequence[str] = (), newest: bool = True
) -> Iterator[Laboratory]:
    """Where runs with other versions are made; what it keeps goes with it, or to `--workdir`.

    Args:
        args: The options of `add_places`.
        command: Who tells what is going on.
        beside: As of `Laboratory`.
        newest: The same.
    """
    from conformance.nights.diff.laboratory import Laboratory  # noqa: PLC0415 - only on demand

    with scratch.folder() as place:
        folder = args.workdir or place
        folder.mkdir(parents=True, exist_ok=True)
        yield Laboratory(
            folder,
            args.repository,
            sources=args.pip,
            beside=beside,
            newest=newest,
            say=lambda line: say(command, line),
        )


def say(command: str, line: str) -> None:
    """Tell on standard error what is going on."""
    print(f"conformance {command}: {line}", file=sys.stderr, flush=True)  # noqa: T201 - a command prints
