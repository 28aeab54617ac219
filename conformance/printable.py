"""Text from elsewhere made safe to show: no control character reaches a terminal or a file.

A reason may quote a kernel's own output.  An escape sequence in it would drive the reader's
terminal, a NUL would make XML that no parser takes, and a bidirectional override would show
another text than the one that is there.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Mapping, Sequence

_QUOTE = "    | "
_SHOWN = 80
"""How many characters of a value an error shows."""


def printable(text: str) -> str:
    r"""`text` with every character that is not shown as itself spelled out, such as ``\x1b``.

    Line ends, tabs and spaces of every language stay.
    """
    # Line by line: a report of a hundred megabytes has line ends and nothing else to spell.
    return "\n".join(line if line.isprintable() else _spelled(line) for line in text.split("\n"))


def one_line(text: str) -> str:
    """`text` with every run of white space as one space."""
    return " ".join(printable(text).split())


def cut(text: str, most: int) -> str:
    """`text` in one line of at most `most` characters; says how many are left out."""
    line = one_line(text[: 8 * most])  # what is cut off need not be cleaned
    if len(line) <= most and len(text) <= 8 * most:
        return line
    return f"{line[:most]}... ({len(text):,} characters)"


def quoted(text: str) -> list[str]:
    """`text` of somebody else in lines that nobody takes for ours, however a terminal wraps it."""
    width = max(shutil.get_terminal_size().columns - len(_QUOTE) - 1, 20)
    lines = printable(text).strip().splitlines()
    parts = (line[at : at + width] for line in lines for at in range(0, len(line) or 1, width))
    return [_QUOTE + part for part in parts]


def value(found: object) -> str:
    """A value that was found, as an error shows it: bounded, in one line."""
    if isinstance(found, str):
        more = f"... ({len(found):,} characters)" if len(found) > _SHOWN else ""
        return repr(found[:_SHOWN]) + more
    if isinstance(found, Mapping):
        return f"an object of {len(found):,} entries"
    if isinstance(found, Sequence) and not isinstance(found, bytes):
        return f"a list of {len(found):,} items"
    words = {None: "null", True: "true", False: "false"}
    if found is None or isinstance(found, bool):
        return words[found]
    return cut(repr(found), _SHOWN)


def _spelled(line: str) -> str:
    return "".join(
        char if _shown(char) else char.encode("unicode_escape").decode("ascii") for char in line
    )


def _shown(char: str) -> bool:
    return char == "\t" or char.isprintable() or unicodedata.category(char) == "Zs"
