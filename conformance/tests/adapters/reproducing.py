"""Lines of a framework's own API, run as a stranger runs them: in a fresh process."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Array
from conformance.verdict.known import expectations
from conformance.verdict.known.cause import Cause
from conformance.verdict.known.ends import is_active

_SECONDS = 300


def causes(name: str) -> dict[str, Cause]:
    """The causes that an adapter's expectations tell."""
    return dict(expectations.read(adapter.home(name) / "expectations.toml").causes)


def is_gone(name: str, cause: Cause, packages: Mapping[str, str]) -> bool:
    """Whether all that an adapter's expectations lay to a cause is of other versions than these."""
    file = adapter.home(name) / "expectations.toml"
    version = next(iter(packages.values()))
    entries = [e for e in expectations.read(file).entries if e.cause == cause.name]
    active = [is_active(file, entry, version, packages) for entry in entries]
    return bool(active) and not any(active)


def printed(code: str) -> str:
    """What lines of Python print, and what kills them if something does."""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    lines = [ended.stdout.strip()] if ended.stdout.strip() else []
    if ended.returncode < 0:
        lines.append(f"killed by {signal.Signals(-ended.returncode).name}")
    elif ended.returncode:
        lines.append(ended.stderr.strip())
    return "\n".join(lines)


def skip_unless_pinned(name: str) -> None:
    """Skip where another version than the adapter's own is installed."""
    for line in (adapter.home(name) / "requirements.txt").read_text().splitlines():
        package, _, version = line.partition("==")
        if not version or line.startswith("#"):
            continue
        try:
            found = metadata.version(package).partition("+")[0]
        except metadata.PackageNotFoundError:
            found = "under another name"
        if found != version:
            pytest.skip(f"{package} {found} is installed, {version} is pinned")


def same_bits(text: str, expected: Array) -> bool:
    """Whether nested lists of numbers are an array's values: signs of zeros and NaN included."""
    numbers = json.loads(text.replace("nan", "NaN").replace("inf", "Infinity"))
    found, wide = np.array(numbers, np.float64), expected.astype(np.float64)
    if not found.size:
        return not wide.size
    return np.array_equal(found, wide, equal_nan=True) and np.array_equal(
        np.signbit(found[found == 0]), np.signbit(wide[wide == 0])
    )


def ran(program: str, folder: Path) -> str:
    """What a program prints, run in this process: the framework is there already."""
    file = folder / "program.py"
    file.write_text(program)
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        runpy.run_path(str(file))
    return told.getvalue()
