"""The machine that a run happened on: what may change a result beside framework and suite."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

COMMIT = "CONFORMANCE_COMMIT"
"""The environment variable that names the commit of the suite which runs."""

CHANNEL = "CONFORMANCE_CHANNEL"
"""The environment variable that says ``newest`` where the versions are not the pinned ones."""

_CPUINFO = Path("/proc/cpuinfo")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "XLA_FLAGS")


@cache
def here() -> dict[str, str]:
    """Facts about this process's machine, each as text.

    ``system``, ``machine``, ``processor`` and ``processors`` (how many this process may use),
    ``settings`` (variables that set threads or XLA's options), ``packages`` (every installed
    distribution with its version) and, where `COMMIT` and `CHANNEL` name them, ``commit`` of the
    suite and ``channel``.
    """
    facts = {
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": str(_usable()),
        "settings": " ".join(f"{k}={os.environ[k]}" for k in _THREADS if k in os.environ),
        "packages": " ".join(sorted(_packages())),
        "commit": os.environ.get(COMMIT, ""),
        "channel": os.environ.get(CHANNEL, ""),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _processor() -> str:
    if _CPUINFO.is_file():  # Linux: the only place that names the model
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor()


def _usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _packages() -> set[str]:
    found = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    return {f"{name}=={version}" for name, version in found if name}
