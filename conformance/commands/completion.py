"""``conformance completion``: what a shell needs to complete the words of this command line."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse

from conformance.commands.exits import CONFORMS, TOLD
from conformance.commands.extra import extra

_SHELLS = ("bash", "zsh", "tcsh")

_EXAMPLE = f"""\
example:
  conformance completion bash > ~/.local/share/bash-completion/completions/conformance
  conformance completion zsh > ~/.zfunc/_conformance

exit status: 0 printed, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``completion`` to the command line."""
    parser = subparsers.add_parser(
        "completion",
        help="print a script that completes commands and options in a shell",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=_SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script; see the module's text."""
    with extra("completion"):
        import shtab  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - an extra
    from conformance.commands.door import COMMANDS, parser_of  # noqa: PLC0415 - it loads this file

    parser, _ = parser_of(COMMANDS)
    print(shtab.complete(parser, args.shell))
    return CONFORMS
