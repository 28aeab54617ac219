"""Where each page lies, and what its address is from another page."""

from __future__ import annotations

from conformance.file_names import file_name as slug

__all__ = ["badge", "case_page", "fault_page", "path_page", "slug"]


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
