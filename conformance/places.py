"""Where what travels with the package lies: the adapters and the golden files."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder(kind: str) -> Path:
    """Where ``adapters`` or ``fixtures`` lie: inside an installed package, else beside it."""
    package = Path(__file__).resolve().parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind
