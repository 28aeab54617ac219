"""Where each page lies, and what its address is from another page."""

from __future__ import annotations

import re


def slug(name: str) -> str:
    """A name as part of an address: ``"torch/native (cuda)"`` is ``"torch-native-cuda"``."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-")


def path_page(column: str) -> str:
    """The page of a path, from the site's root."""
    return f"paths/{slug(column)}.html"


def case_page(case: str) -> str:
    """The page of a case, from the site's root."""
    return f"cases/{slug(case)}.html"


def fault_page(fault: str) -> str:
    """The page of a fault, from the site's root."""
    return f"faults/{slug(fault)}.html"


def badge(column: str, ending: str) -> str:
    """The badge of a path, from the site's root."""
    return f"badges/{slug(column)}.{ending}"
