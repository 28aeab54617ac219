"""What a kernel may take of the machine."""

from __future__ import annotations

from pathlib import Path

_GIB = 1 << 30


def limit_memory(gib: float) -> None:
    """Limit what this process may allocate from now on; does nothing where that is not possible.

    What is counted is private writable memory (``RLIMIT_DATA`` of Linux), not address space,
    of which CUDA and XLA reserve far more than they use.

    Args:
        gib: GiB beyond what is in use; 0 for no limit.
    """
    status = Path("/proc/self/status")
    if not gib or not status.exists():
        return
    import resource  # noqa: PLC0415 - where there is /proc there is this module

    lines = status.read_text().splitlines()
    used = next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:")), 0)
    most = used + int(gib * _GIB)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
