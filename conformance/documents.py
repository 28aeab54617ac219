"""Files that others wrote, as text, JSON and TOML: every way to be unreadable is one error."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any


def read_text(file: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        ValueError: it cannot be read; the message says why.
    """
    try:
        return file.read_text(encoding="utf-8-sig")  # editors put a mark at the beginning
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8") from error


def read_json(file: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: it cannot be read, or is no JSON; the message says why.
    """
    text = read_text(file)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def parse_toml(text: str) -> dict[str, Any]:
    """What a text in TOML holds.

    Raises:
        ValueError: it is no TOML; the message says why.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
