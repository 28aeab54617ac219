"""The process above a worker: holds it to its budget, and ends what it leaves behind.

It runs no code of a kernel or a framework.  The near side ends it by SIGTERM, and the system does
where the near side is gone; whatever it is ended by, it first ends all that descends from it.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from conformance.harness.shield.settings import GIB, LOADING_BYTES, Settings
from conformance.harness.shield.using import Use, family, use

_INTERVAL = 0.05
_AWAITED = (signal.SIGCHLD, signal.SIGTERM)
_PASSES = 1000
_NUMBER_OF_STOPPED = 128


def block() -> set[signal.Signals | int]:
    """Keep what a keeper waits for until it waits; returns what was kept before."""
    return signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)


def come_first() -> None:
    """Be served before all that is kept: among a thousand processes one would wait for seconds.

    Only root may.  Everyone else's worker lives in a user namespace where processes are limited.
    """
    with suppress(OSError, AttributeError):
        how = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, how, os.sched_param(1))


def unblock(before: set[signal.Signals | int]) -> None:
    """Undo `block`, in a child."""
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def keep(child: int, settings: Settings, *, status: int | None, say: Callable[[str], None]) -> int:
    """Wait for a worker, hold it to its budget, and end what it started.

    Args:
        child: The worker, or the first process of its world.
        settings: Its budget.
        status: A pipe on which that first process says how the worker ended; None if `child` is
            the worker.
        say: Told why the worker was ended, if it was.

    Returns:
        How it ended, as `os.waitpid` says it.
    """
    found: int | None = None
    before, is_told = 1, False
    next_look = time.monotonic() + _INTERVAL
    while found is None:
        awaited = signal.sigtimedwait(_AWAITED, max(0, next_look - time.monotonic()))
        if awaited is not None and awaited.si_signo == signal.SIGTERM:
            is_told = True
            break
        found = _reaped(child)
        if found is None and time.monotonic() >= next_look:
            next_look = time.monotonic() + _INTERVAL
            used = use(
                child,
                settings.temporary,
                before=before,
                most_processes=settings.processes,
                most_memory=_most_memory(settings),
                is_apart=status is not None,
            )
            before, spent = used.processes, _spent(used, settings)
            if spent:
                say(spent)
                break
    told = b"" if status is None or found is None else os.read(status, 16)
    sweep(child)
    if is_told:  # by one who may be gone; who is there waits for us, and cleans up as well
        shutil.rmtree(settings.temporary, ignore_errors=True)
    if told:
        return int(told)
    return int(signal.SIGKILL) if found is None else found


def _most_memory(settings: Settings) -> int:
    return settings.memory_bytes + LOADING_BYTES if settings.memory_bytes else 0


def _spent(used: Use, settings: Settings) -> str:
    """Which part of the budget is used up, in words; empty while none is."""
    most = _most_memory(settings)
    if used.memory_bytes > most > 0:
        return (
            f"it was ended: with all that it started it held {used.memory_bytes / GIB:.2f} GiB of "
            f"memory, {most / GIB:.2f} GiB were allowed (loading a framework included)"
        )
    if used.disk_bytes > settings.disk_bytes:
        return (
            f"it was ended: it wrote {used.disk_bytes / GIB:.2f} GiB to disk, "
            f"{settings.disk_bytes / GIB:.2f} GiB were allowed"
        )
    if used.processes > settings.processes:
        return (
            f"it was ended: it had more than {settings.processes} processes at a time, "
            "as many were allowed"
        )
    return ""


def _reaped(child: int) -> int | None:
    """Take note of every child that ended; how the one that matters did, if it did."""
    found = None
    with suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            if process == child:
                found = status
    return found


def sweep(child: int) -> None:
    """End everything that descends from this process: what it left comes to us as our child.

    Args:
        child: What ends first, with all of its world if it has one.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
    for _ in range(_PASSES):
        left = family(os.getpid())[1:]
        if not left:
            return
        for process in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        signal.sigtimedwait((signal.SIGCHLD,), _INTERVAL / 10)
        _reaped(0)


def first_process(worker: int, status: int) -> None:
    """Be the first process of a world: take note of what ends, until the worker does."""
    process = 0
    while process != worker:
        process, ended = os.waitpid(-1, 0)
    os.write(status, str(ended).encode())
    os._exit(0)  # with it ends everything in its world


def end_like(status: int) -> None:
    """End as a worker did whose status this is."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        with suppress(OSError, ValueError):  # those of SIGKILL and SIGSTOP cannot be set
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
        os._exit(_NUMBER_OF_STOPPED + number)
    os._exit(os.waitstatus_to_exitcode(status))
