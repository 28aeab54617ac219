"""Entries as TOML, and a file with its entries replaced; needs tomlkit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from conformance.errors import ExpectationError
from conformance.verdict.known import expectations
from conformance.verdict.known.entry import Why
from conformance.verdict.known.grouping import Group

_WIDTH = 100
_WHY: tuple[str, ...] = ("cause", "reason")


def rendered(group: Group, why: Why) -> str:
    """One entry as TOML."""
    texts: dict[str, str] = {name: text for name, text in asdict(why).items() if text}
    before = {name: texts.pop(name) for name in _WHY if name in texts}
    lines = ["[[expect]]", *_texts(before)]
    for name in ("paths", "cases", "outputs"):
        lines += _list(name, getattr(group, name))
    return "\n".join([*lines, *_texts(texts)]) + "\n"


def rewritten(text: str, entries: Iterable[str], file: Path) -> str:
    """The text of a file with other entries; all else stays, the entries come last.

    Raises:
        ExpectationError: tomlkit is not installed, or what would be written cannot be read.
    """
    try:
        import tomlkit  # noqa: PLC0415 - whoever only reads expectations need not have it
    except ModuleNotFoundError as error:
        raise ExpectationError(
            f"writing {file} needs {error.name}, which is not installed. "
            "Install it with: pip install 'batchnorm-conformance[update]'"
        ) from error
    document = tomlkit.parse(text)
    if "expect" in document:
        document.remove("expect")
    rest = tomlkit.dumps(document).strip("\n")
    made = "\n".join(part for part in (rest + "\n" if rest else "", *entries) if part)
    expectations.parse(made, file)
    return made


def _texts(told: Mapping[str, str]) -> list[str]:
    return [f"{name} = {_quoted(text)}" for name, text in told.items()]


def _list(name: str, items: Iterable[str]) -> list[str]:
    quoted = [_quoted(item) for item in items]
    line = f"{name} = [{', '.join(quoted)}]"
    if len(line) <= _WIDTH:
        return [line]
    return [f"{name} = [", *(f"    {item}," for item in quoted), "]"]


def _quoted(text: str) -> str:
    # A JSON string is a TOML one, but for the one control character that JSON lets through.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
