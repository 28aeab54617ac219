"""What an adapter or a kernel says of itself: a claim too, held to what such a one may say."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

from conformance.harness.kernels import source
from conformance.printable import value

_LOADER = ("LD_", "DYLD_", "PYTHON")
"""How variables begin that decide which code a process runs before it is the worker."""

FACTS = ("kind", "arrays", "takes", "fixed", "dtypes", "ranks", "per_activation", "where")
"""What a kernel tells of itself beside, all of it."""


def require(told: Mapping[str, Any], adapter: str) -> None:
    """Refuse a description that one of this kind cannot give.

    Args:
        told: What the worker says, in the form of the schema.
        adapter: What it was to load: an adapter, or an encoded kernel.

    Raises:
        ValueError: the message says what was found and what was wanted.
    """
    names = [path["name"] for path in told["paths"]]
    if len(set(names)) < len(names):
        raise ValueError(f"two paths have one name among {value(str(names))}, others were wanted")
    for path in told["paths"]:
        _require_switches(path)
    if source.decode(adapter) is not None:
        _require_kernel(told)
    elif told["facts"]:
        raise ValueError("an adapter has facts of a kernel, none were wanted")


def left_out(path: Mapping[str, Any], case: str) -> str | None:
    """Why a path does not run a case, by its own description; None where it does."""
    sample = path["sample"]
    if sample is None or any(fnmatch(case, glob) for glob in sample):
        return None
    return path["sample_reason"] or "outside the sample"


def _require_switches(path: Mapping[str, Any]) -> None:
    for name in path["switches"]:
        if name.startswith(_LOADER):
            raise ValueError(
                f"path {value(path['name'])} has the switch {value(name)}, a variable that its "
                "framework reads was wanted, and none that chooses what code is loaded"
            )


def _require_kernel(told: Mapping[str, Any]) -> None:
    """A kernel has one path; it runs every case, under the environment that there is."""
    (path, *more), facts = told["paths"], told["facts"]
    if more or path["name"] != "kernel":
        raise ValueError(f"a kernel has {len(told['paths'])} paths, one called kernel was wanted")
    if path["sample"] is not None or path["switches"]:
        raise ValueError("a kernel has a sample or switches, which only an adapter may have")
    lacking = [name for name in FACTS if name not in facts]
    if lacking:
        raise ValueError(f"a kernel tells no {', '.join(lacking)}, all facts were wanted")
