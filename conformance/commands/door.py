"""The one door of all commands: parses, runs, and turns whatever goes wrong into a line.

What a user did (a missing file, a full disk, a number that is none) is one line on standard error:
what was found, what was wanted, what to do.  A fault of this package shows its traceback.
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import errno
import importlib
import signal
import sys
import traceback
from collections.abc import Sequence

from conformance._version import __version__
from conformance.commands.arguments import Parser
from conformance.commands.exits import BY_SIGNAL, COULD_NOT_RUN, OWN_FAULT
from conformance.commands.signals import Caught, called, stoppable
from conformance.commands.streams import standing
from conformance.errors import ConformanceError, Stopped
from conformance.printable import quoted

COMMANDS = (
    "check",
    "doctor",
    "verify",
    "sign",
    "run",
    "new-adapter",
    "expectations",
    "report-bug",
    "matrix",
    "diff",
    "bisect",
    "history",
    "site",
    "generate",
    "export",
    "show",
    "capture",
    "list",
    "power",
    "completion",
)

_ADVICE = {
    errno.ENOENT: "a place that exists was wanted. Check the path",
    errno.EACCES: "a place that may be read and written was wanted. Change its permissions, "
    "or give another",
    errno.EPERM: "a place that may be read and written was wanted. Give another",
    errno.EROFS: "a place that can be written was wanted. Give another",
    errno.EISDIR: "a file was wanted. Name one in that folder",
    errno.ENOTDIR: "a folder was wanted on the way. Check the path",
    errno.EEXIST: "a folder was wanted there. Give another place",
    errno.ENOSPC: "room for a file was wanted. Free some, or give another place",
    errno.ENAMETOOLONG: "a shorter name was wanted. Check the path",
}
_OTHERWISE = "a place that can be read and written was wanted. Check the path and its permissions"

_REPORT = (
    "this is a fault of conformance, not of what you gave it. Please report it with the lines "
    "above, the command, and this version:"
)


def enter(words: Sequence[str]) -> int:
    """Run one command; returns its exit status.

    Args:
        words: The arguments, the command first.

    Raises:
        SystemExit: help or a version was asked for, or an argument is wrong.
    """
    with standing(), stoppable() as caught:
        name = " ".join(["conformance", *(word for word in words[:1] if word in COMMANDS)])
        try:
            return _finished(name, words, caught)
        except Stopped as stop:  # while something else was being told
            return _stopped(name, stop)


def _finished(name: str, words: Sequence[str], caught: Caught) -> int:
    try:
        with caught.held():
            args = _parsed(words)
        args.signals = caught
        status: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt as stop:
        return _stopped(name, stop)
    except Exception as error:  # noqa: BLE001 - the last line of defence is what this is
        if caught.signal is not None:  # a library that was being loaded made another error of it
            return _stopped(name, Stopped(caught.signal))
        return _told(name, error)
    return status


def _stopped(name: str, stop: KeyboardInterrupt) -> int:
    number = getattr(stop, "signal", signal.SIGINT)
    kept = "what was found so far is partial" if getattr(stop, "kept", False) else "nothing is kept"
    word = called(number)
    _say(f"{name}: stopped by {word} before it was done; {kept}, and proves nothing. Run it again.")
    return BY_SIGNAL + int(number)


def _told(name: str, error: Exception) -> int:
    if isinstance(error, ConformanceError):
        _say(f"{name}: {error}")
    elif isinstance(error, OSError):
        _say(f"{name}: {_about(error)}.")
    elif isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        # What pathlib makes, before Python 3.13, of the OSError that it got.
        _say(f"{name}: {error}; a place that exists was wanted. Check where the links lead.")
    elif isinstance(error, MemoryError):
        _say(
            f"{name}: the memory of this machine is used up, more was wanted. "
            "Select fewer cases, or use a larger machine."
        )
    else:
        traceback.print_exception(error, file=sys.stderr)
        _say(f"{name}: {_REPORT} conformance {__version__}, Python {sys.version.split()[0]}.")
        return OWN_FAULT
    return COULD_NOT_RUN


def _about(error: OSError) -> str:
    """What the system said, of which place, and what to do."""
    place = error.filename2 or error.filename
    said = error.strerror or str(error) or type(error).__name__
    found = f"{place}: {said}" if place else said
    return f"{found}; {_ADVICE.get(error.errno or 0, _OTHERWISE)}"


def _say(text: str) -> None:
    # What follows the first line may be a kernel's: nothing that it prints looks like ours.
    first, *rest = text.split("\n")
    try:
        print("\n".join([first, *quoted("\n".join(rest))]), file=sys.stderr, flush=True)
    except ConformanceError:  # standard error is full as well: there is nobody left to tell
        return


def parser_of(
    names: Sequence[str],
) -> tuple[Parser, argparse._SubParsersAction[Parser]]:
    """The command line with some of its commands."""
    parser = Parser(
        prog="conformance",
        description="Conformance tests and golden fixtures for batch normalization.",
        epilog="example:\n  conformance check my_kernel.py:batch_norm\n  conformance run torch",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"conformance {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in names:
        module = importlib.import_module(f"conformance.commands.{name.replace('-', '_')}")
        module.register(subparsers)
    return parser, subparsers


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    known = [word for word in words[:1] if word in COMMANDS]
    parser, subparsers = parser_of(known if known or words[:1] == ["--version"] else COMMANDS)
    parser.require_text(words)
    args, surplus = parser.parse_known_args(list(words))
    if surplus:
        of = subparsers.choices.get(words[0], parser)
        of.error(f"{' '.join(surplus)} was found, and no argument of that kind was wanted")
    return args
