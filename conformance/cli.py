"""The command line: one sub-command per file of `conformance.commands`."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from conformance._version import __version__

_COMMANDS = (
    "check",
    "doctor",
    "verify",
    "run",
    "expectations",
    "report-bug",
    "matrix",
    "diff",
    "history",
    "site",
    "generate",
    "list",
    "power",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="conformance",
        description="Conformance tests and golden fixtures for batch normalization.",
        epilog="example:\n  conformance check my_kernel.py:batch_norm\n  conformance run torch",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"conformance {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    words = sys.argv[1:] if argv is None else list(argv)
    for name in [word for word in words[:1] if word in _COMMANDS] or _COMMANDS:
        module = importlib.import_module(f"conformance.commands.{name.replace('-', '_')}")
        module.register(subparsers)
    args = parser.parse_args(argv)
    status: int = args.run(args)
    return status
