"""``conformance list``: the adapters, and the cases with what each is there to catch."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import sys

from conformance import adapter, golden
from conformance import run as runner
from conformance.errors import AdapterError, ConformanceError

_EXAMPLE = """\
example:
  conformance list cases --case 'offset/*'
  conformance list paths torch

exit status: 0 listed, 2 could not
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``list`` to the command line."""
    parser = subparsers.add_parser(
        "list",
        help="list adapters, paths, groups or cases, with why",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["adapters", "paths", "groups", "cases"])
    parser.add_argument("adapter", nargs="?", help="for paths: which adapter")
    parser.add_argument("--case", action="append", metavar="ID", help="which cases")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List what was asked for."""
    try:
        rows = _rows(args)
    except ConformanceError as error:
        print(f"conformance list: {error}", file=sys.stderr)
        return 2
    if args.format == "json":
        print(json.dumps(rows, indent=1))
        return 0
    width = max((len(name) for name in rows), default=0)
    for name, text in rows.items():
        print(f"{name:<{width}}  {text}")
    return 0


def _rows(args: argparse.Namespace) -> dict[str, str]:
    if args.what == "adapters":
        return {name: str(adapter.home(name)) for name in adapter.names()}
    if args.what == "paths":
        if not args.adapter:
            raise AdapterError(
                f"no adapter was named, one of {', '.join(adapter.names())} was wanted. "
                "Write: conformance list paths ADAPTER"
            )
        return {column.id: column.about for column in runner.columns(args.adapter)}
    manifest = golden.manifest()
    if args.what == "groups":
        return {name.removesuffix(".h5"): file.about for name, file in manifest.files.items()}
    return {name: manifest.entries[name].catches for name in golden.select(args.case)}
