"""The machine that a run happened on: what may change a result beside framework and suite."""

from __future__ import annotations

import os
import platform
import re
import shlex
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

COMMIT = "CONFORMANCE_COMMIT"
"""The environment variable that names the commit of the suite which runs."""

CHANNEL = "CONFORMANCE_CHANNEL"
"""The environment variable that says ``newest`` or ``older``, where versions are not the pinned."""

MACHINE = (
    "system",
    "machine",
    "processor",
    "processors",
    "cpu_features",
    "settings",
    "switches",
)
"""The facts that make a machine, as far as numbers go: hardware, its libraries, what is set."""

SETTINGS = re.compile(
    r"(ATEN|DNNL|GOMP|KMP|MKL|NPY|OMP|ONEDNN|OPENBLAS)_\w+"
    r"|BLIS_NUM_THREADS|VECLIB_MAXIMUM_THREADS"
    r"|CUBLAS_WORKSPACE_CONFIG|CUDA_VISIBLE_DEVICES|NVIDIA_TF32_OVERRIDE"
    r"|JAX_(DEFAULT_MATMUL_PRECISION|DISABLE_JIT|ENABLE_X64|PLATFORMS|NUM_CPU_DEVICES)"
    r"|TF_(ENABLE_ONEDNN_OPTS|NUM_INTRAOP_THREADS|NUM_INTEROP_THREADS|XLA_FLAGS)"
    r"|TF_(DETERMINISTIC_OPS|CUDNN_DETERMINISTIC|DISABLE_MKL)"
    r"|XLA_FLAGS"
)
"""Environment variables that choose kernels, instructions or threads, and so bits.

A worker inherits all of the environment, since a framework may need any of it to start; these are
recorded.  What a path needs set it sets itself, see `conformance.adapter.Path.switches`.
"""

_CPUINFO = Path("/proc/cpuinfo")
_FEATURES = re.compile(r"(sse|ssse|avx|fma|f16c|amx|asimd|sve|sme|fphp|bf16|i8mm|neon|vfp)\w*")
"""Instructions that numbers are computed with, among all flags of x86 and ARM."""


def here(switches: Mapping[str, str] | None = None) -> dict[str, str]:
    """Facts about this process's machine, each as text; what is not known is left out.

    ``system``, ``machine``, ``processor``, ``processors`` (how many this process may use),
    ``cpu_features`` (instructions to compute with, on Linux), ``settings`` (the variables of
    `SETTINGS` that are set from outside), ``switches`` (those that the path sets, which count
    instead), ``packages`` (every installed distribution with its version) and, where `COMMIT` and
    `CHANNEL` name them, ``commit`` of the suite and ``channel``.

    Args:
        switches: Those of the path.
    """
    own = switches or {}
    outside = {n: v for n, v in os.environ.items() if SETTINGS.fullmatch(n) and n not in own}
    facts = {
        **_machine(),
        "settings": _listed(outside),
        "switches": _listed(own),
        "commit": os.environ.get(COMMIT, ""),
        "channel": os.environ.get(CHANNEL, ""),
    }
    return {name: fact for name, fact in facts.items() if fact}


@cache
def _machine() -> dict[str, str]:
    """What does not change while a process runs."""
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "processor": _cpuinfo("model name") or platform.processor(),
        "processors": str(_usable()),
        "cpu_features": " ".join(sorted(_features())),
        "packages": " ".join(sorted(_packages())),
    }


def _listed(variables: Mapping[str, str]) -> str:
    """Variables as a shell would be given them."""
    return shlex.join(f"{name}={value}" for name, value in sorted(variables.items()))


def _features() -> set[str]:
    flags = _cpuinfo("flags") or _cpuinfo("Features")  # x86, ARM
    return {flag for flag in flags.split() if _FEATURES.fullmatch(flag)}


def _cpuinfo(wanted: str) -> str:
    """A field of the first processor; only Linux tells."""
    if _CPUINFO.is_file():
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == wanted:
                return value.strip()
    return ""


def _usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _packages() -> set[str]:
    found = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    return {f"{name}=={version}" for name, version in found if name}
