"""The arguments of commands: a parser that says errors as the commands do, and kinds of numbers."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NoReturn

from conformance.commands.exits import COULD_NOT_RUN
from conformance.harness.shield.protections import SWITCH

_CHOICE = re.compile(r"invalid choice: '(?P<found>.*)' \(choose from (?P<known>.*)\)$")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: what was found, what was wanted, what to do."""

    def error(self, message: str) -> NoReturn:
        """Say it and leave.

        Raises:
            SystemExit: always.
        """
        told = message.replace("(choose from", "(one was wanted of") + _near(message)
        self.exit(COULD_NOT_RUN, f"{self.prog}: {told}. See: {self.prog} --help\n")

    def require_text(self, words: Sequence[str]) -> None:
        """Refuse arguments that no report could repeat.

        Raises:
            SystemExit: an argument is no UTF-8.
        """
        for word in words:
            try:
                word.encode()
            except UnicodeEncodeError:
                shown = word.encode(errors="replace").decode()
                self.error(f"the argument {shown!r} is no UTF-8, text was wanted; rename the file")


class _Off(argparse.Action):
    """Switches the shield off, for this process and what it starts."""

    def __call__(self, *_: object) -> None:
        os.environ[SWITCH] = "off"


def add_timeout(parser: argparse.ArgumentParser, usual: float) -> None:
    """Add how long one case may take, by default `usual` seconds."""
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=usual,
        metavar="SECONDS",
        help=f"how long one case may take (default: {usual:g})",
    )


def add_shield(parser: argparse.ArgumentParser) -> None:
    """Add what takes the shield away from workers."""
    parser.add_argument(
        "--no-shield",
        action=_Off,
        nargs=0,
        help=f"start workers without a shield, as {SWITCH}=off does; every report says so",
    )


def _near(message: str) -> str:
    found = _CHOICE.search(message)
    if found is None:
        return ""
    known = [word.strip(" '") for word in found["known"].split(",")]
    near = get_close_matches(found["found"], known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def number(
    what: str, least: float, *, above: bool = False, most: float = math.inf
) -> Callable[[str], float]:
    """The kind of an argument that is a finite number.

    Args:
        what: What it counts, such as ``"seconds"``.
        least: The smallest that makes sense.
        above: `least` itself makes none.
        most: The largest.
    """

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most or math.isinf(value) or (above and value == least):
            limit = f"above {least:g}" if above else f"of {least:g} or more"
            end = "" if math.isinf(most) else f" and at most {most:g}"
            raise argparse.ArgumentTypeError(
                f"{text!r} was found, a number of {what} {limit}{end} was wanted"
            )
        return value

    return read


def whole(what: str, least: int) -> Callable[[str], int]:
    """The kind of an argument that is a whole number.

    Args:
        what: What it counts, such as ``"processes"``.
        least: The smallest that makes sense.
    """

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(
                f"{text!r} was found, a whole number of {what} of {least} or more was wanted"
            )
        return value

    return read


LONGEST = 1e6
"""Seconds that a limit of time may have: eleven days; the system's clocks take no much larger."""

seconds = number("seconds", 0, above=True, most=LONGEST)
"""The kind of a limit of time."""
