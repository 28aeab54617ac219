"""The one door of documents that others wrote: JSON, TOML and text, bounded before it is believed.

A JSON document comes from another machine.  `read` refuses what is no regular file, what is larger
than its kind may be before it is read whole, what is no UTF-8 and no JSON, a key that is there
twice, NaN and infinity, numbers that no float64 or 64-bit integer holds, texts that are too long or
hold control characters or halves of characters, nesting without end, and whatever the schema of
its kind in ``schemas/`` does not say.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from conformance import schema_check
from conformance.document_kinds import KINDS, Kind
from conformance.printable import cut, value

_TEXT = 4 << 20
"""How many bytes a text has that is of no kind."""

_PIECE = 1 << 20
"""How many bytes are read at a time."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but line ends and tabs, and halves of characters."""

_DIGITS = 19
"""How many digits an integer has: those of 64 bits."""


def read(file: Path, kind: str, *, apart: str | None = None) -> Any:
    """What a JSON file of a kind of `KINDS` holds: an object in all but lists.

    Args:
        file: Where it is.
        kind: What it must be.
        apart: A definition of its schema that the caller holds its values to, with `require_part`:
            of many that are equal it can look at one.

    Raises:
        ConformanceError: it cannot be read, is larger than its kind may be, is no JSON, or does
            not keep its schema; the class is that of the kind.
    """
    rules = KINDS[kind]
    try:
        return _parsed(read_bytes(file, rules.size), kind, apart)
    except ValueError as error:
        _refuse(str(file), rules, error)


def parse(data: bytes, kind: str, source: str) -> Any:
    """The same of bytes that are here already; `source` is what an error calls them.

    Raises:
        ConformanceError: as `read`.
    """
    rules = KINDS[kind]
    try:
        if len(data) > rules.size:
            raise ValueError(_too_large(len(data), rules.size))  # noqa: TRY301 - completed below
        return _parsed(data, kind)
    except ValueError as error:
        _refuse(source, rules, error)


def prepare(kind: str) -> None:
    """Do now what the first document of a kind would have to wait for."""
    schema_check.prepare(kind)


def require(found: object, kind: str, source: str) -> None:
    """Refuse a value that does not keep the schema of its kind.

    Raises:
        ConformanceError: as `read`.
    """
    try:
        schema_check.require(found, kind)
    except ValueError as error:
        _refuse(source, KINDS[kind], error)


def require_part(found: object, kind: str, part: str, place: str, source: str) -> None:
    """Refuse a value that does not keep one definition of that schema; `place` is where it stands.

    Raises:
        ConformanceError: as `read`.
    """
    try:
        schema_check.require_part(found, kind, part, place)
    except ValueError as error:
        _refuse(source, KINDS[kind], error)


def _refuse(source: str, rules: Kind, error: ValueError) -> NoReturn:
    raise rules.error(
        f"{cut(source, 400)} is no usable {rules.noun}: {error}. {rules.again}"
    ) from error


def read_bytes(file: Path, size: int) -> bytes:
    """What a regular file holds, if that is at most `size` bytes.

    Raises:
        ValueError: it is larger, no regular file, or cannot be read; the message says why.
    """
    try:
        with opened(file) as stream:
            facts = os.fstat(stream.fileno())
            if facts.st_size > size:
                raise ValueError(_too_large(facts.st_size, size))
            content = stream.read(facts.st_size + 1)
            if len(content) > facts.st_size:  # it grows, or does not tell how large it is
                content += _read_at_most(stream, size + 1 - len(content))
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > size:
        raise ValueError(_too_large(len(content), size))
    return content


def _read_at_most(stream: BinaryIO, most: int) -> bytes:
    # In pieces, since a stream takes all the memory that it is asked for at once.
    content = bytearray()
    while len(content) < most and (piece := stream.read(min(most - len(content), _PIECE))):
        content += piece
    return bytes(content)


def opened(file: Path) -> BinaryIO:
    """A regular file, opened to read its bytes.

    Raises:
        OSError, ValueError: it is none, or cannot be read.
    """
    # A pipe that nobody writes to would let the opening wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    descriptor = os.open(file, flags | getattr(os, "O_BINARY", 0))
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ValueError(f"it is {_of_what(mode)}, a regular file was wanted")
    return os.fdopen(descriptor, "rb")


def _too_large(found: int, most: int) -> str:
    return f"it has {found:,} bytes, at most {most:,} were wanted"


def _of_what(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no regular file")


def read_text(file: Path, size: int = _TEXT) -> str:
    """The text of a file in UTF-8.

    Raises:
        ValueError: it cannot be read; the message says why.
    """
    return _decoded(read_bytes(file, size))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")  # editors put a mark at the beginning
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8") from error


def parse_toml(text: str) -> dict[str, Any]:
    """What a text in TOML holds.

    Raises:
        ValueError: it is no TOML; the message says why.
    """
    import tomllib  # noqa: PLC0415 - most documents are JSON

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _parsed(data: bytes, kind: str, apart: str | None = None) -> Any:
    rules = KINDS[kind]
    text = _decoded(data)
    # Before anything is made of it: "[[],[],[]" takes thirty times its own size.
    if sum(map(text.count, ",[{")) > rules.items:
        raise ValueError(f"it has more than {rules.items:,} commas and brackets, fewer were wanted")
    try:
        found = json.loads(
            text, object_pairs_hook=_once, parse_int=_integer, parse_constant=_constant
        )
    except RecursionError as error:
        raise ValueError(_too_deep(rules)) from error
    _require_plain(found, rules)
    schema_check.require(found, kind, apart=apart)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"key {value(twice)} is there twice, once was wanted")
    return found


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _DIGITS:
        raise ValueError(f"an integer has {len(digits)} digits, at most {_DIGITS} were wanted")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} was found, and is no JSON; a number was wanted")


def _too_deep(rules: Kind) -> str:
    return f"it is nested more than {rules.depth} deep, less was wanted"


def _require_plain(found: object, rules: Kind) -> None:
    """Refuse what no schema can say for every value of a document: see the module's text."""
    level: list[Any] = [found]
    names: set[str] = set()
    for _ in range(rules.depth + 1):
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                if len(each) > rules.text or not each.isprintable():
                    _require_text(each, rules)
            elif kind is dict:
                names.update(each)
                below += each.values()
            elif kind is list:
                below += each
            elif kind is float and not math.isfinite(each):
                raise ValueError("a number is larger than any float64, a finite one was wanted")
        level = below
    if level:
        raise ValueError(_too_deep(rules))
    for name in names:
        _require_text(name, rules)


def _require_text(text: str, rules: Kind) -> None:
    if len(text) > rules.text:
        raise ValueError(
            f"a text has {len(text):,} characters, at most {rules.text:,} were wanted: "
            f"{cut(text, 40)}"
        )
    if not text.isprintable() and (sign := _CONTROL.search(text)):
        raise ValueError(
            f"a text holds the character U+{ord(sign.group()):04X}, none that controls a "
            f"terminal was wanted: {value(text)}"
        )
