"""The command line: one sub-command per file of `conformance.commands`."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence

from conformance._version import __version__

_COMMANDS = ("run", "matrix", "generate", "list", "power")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="conformance",
        description="Conformance tests and golden fixtures for batch normalization.",
        epilog="example:\n  conformance run torch\n  conformance matrix records",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"conformance {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in _COMMANDS:
        importlib.import_module(f"conformance.commands.{name}").register(subparsers)
    args = parser.parse_args(argv)
    status: int = args.run(args)
    return status
