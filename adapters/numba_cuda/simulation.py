"""Hardware or simulator: decided before `numba.cuda` is imported for the first time."""

from __future__ import annotations

import os
import subprocess
import sys

VARIABLE = "NUMBA_ENABLE_CUDASIM"
_PROBE = "from numba import cuda; raise SystemExit(0 if cuda.is_available() else 3)"
_NO_GPU = 3


def decide() -> bool:
    """Import `numba.cuda`, as the simulator where this machine has no working GPU.

    What the caller's environment says in `VARIABLE` is obeyed. Otherwise a process of its own
    looks for a GPU: asking here would import the hardware's `numba.cuda` for good. The variable is
    set for the import alone, so that processes started later decide for themselves.

    Returns:
        Whether `numba.cuda` is the simulator.

    Raises:
        ImportError: Numba or numba-cuda is not installed, or does not start.
    """
    stated = os.environ.get(VARIABLE)
    if stated is None and "numba.cuda" not in sys.modules:
        os.environ[VARIABLE] = "0" if _gpu_works() else "1"
    try:
        from numba.cuda.core import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - not before the variable is set
            config,
        )
    finally:
        if stated is None:
            os.environ.pop(VARIABLE, None)
    simulated = bool(config.ENABLE_CUDASIM)
    if simulated:
        # Simulated threads wait for each other by asking; 5 ms between questions is far too long.
        sys.setswitchinterval(1e-4)
    return simulated


def _gpu_works() -> bool:
    probe = subprocess.run(  # noqa: S603 - this interpreter and a constant
        [sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False
    )
    if probe.returncode not in (0, _NO_GPU):
        raise ImportError(
            f"numba.cuda does not start: exit status {probe.returncode}, "
            f"{probe.stderr.strip().rpartition(chr(10))[2]!r}. Reinstall numba and numba-cuda."
        )
    return probe.returncode == 0
