"""Starts a worker behind the shield: ``python -m ... SOURCE PARENT SETTINGS``.

Up to three processes: a keeper, the first process of a world of its own where the system allows
one, and in it the worker.  All is laid on before a line of numpy, a framework or a kernel runs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from conformance.harness.guard import die_with_parent
from conformance.harness.shield import block, keeper, landlock, linux, namespaces, settings
from conformance.harness.shield.reach import Reach, reach
from conformance.harness.shield.settings import LOADING_BYTES, Settings


def main() -> None:
    """Become the keeper of a worker, and in its child the worker."""
    source, parent, told = sys.argv[1:]
    how = settings.decode(told)
    on: dict[str, str] = {}
    if sys.platform == "linux" and "keeper" not in how.left_out:
        _keep(int(parent), how, on)
    else:
        die_with_parent(int(parent))
        on["keeper"] = _off(how, "keeper") or f"off: {sys.platform} has no means for it"
    _work(source, how, on)


def _keep(parent: int, how: Settings, on: dict[str, str]) -> None:
    """Fork; the parent keeps the child and never returns, the child is to be the worker."""
    before = keeper.block()
    die_with_parent(parent, signal.SIGTERM)
    linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    on["keeper"] = "on"
    on["namespaces"] = _off(how, "namespaces") or _tried(namespaces.part)
    status = os.pipe() if on["namespaces"].startswith("on") else None
    ourselves, child = os.getpid(), os.fork()
    if child == 0:
        keeper.unblock(before)
        _descend(ourselves, how, on, status)
        return
    linux.prctl(linux.PR_SET_DUMPABLE, 0)
    _leave_the_pipes(0, 1)
    keeper.come_first()
    if status is not None:
        os.close(status[1])

    def say(why: str) -> None:
        with suppress(OSError):  # nobody listens any more
            os.write(how.told, json.dumps({"ended": why}).encode() + b"\n")

    ended = keeper.keep(child, how, status=None if status is None else status[0], say=say)
    keeper.end_like(ended)


def _descend(
    parent: int, how: Settings, on: dict[str, str], status: tuple[int, int] | None
) -> None:
    """As the child of the keeper: be the first process of a world, and fork the worker in it."""
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # parting took it, and the keeper is to see what we use
    if status is None:
        die_with_parent(parent)
        on["mounts"] = "off: without namespaces there are no mounts of its own"
        return
    os.close(status[0])
    die_with_parent(0)  # our parent is outside, and has no number here
    most = how.memory_bytes + LOADING_BYTES if how.memory_bytes else 0
    on["mounts"] = _off(how, "mounts") or _tried(
        lambda: namespaces.lay_mounts(_reach(how), most, _most_tasks(how))
    )
    worker = os.fork()
    if worker:
        _leave_the_pipes(0, 1, 2)
        os.close(how.told)
        keeper.first_process(worker, status[1])
    os.close(status[1])
    die_with_parent(1)


def _leave_the_pipes(*numbers: int) -> None:
    """Let go of the worker's pipes, which close when the worker does."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nothing, number)
    os.close(nothing)


def _work(source: str, how: Settings, on: dict[str, str]) -> None:
    """Give up all that can be given up, say what is on, and be the worker."""
    if hasattr(os, "setsid"):
        with suppress(OSError):  # it leads its session already
            os.setsid()
    apart = on.get("namespaces", "").endswith(namespaces.FOR_A_USER)
    on["limits"] = _off(how, "limits") or _tried(lambda: _limit(how, is_counted_apart=apart))
    if sys.platform == "linux":
        on["privileges"] = _off(how, "privileges") or _tried(_give_up)
        on["landlock"] = _off(how, "landlock") or _tried(lambda: landlock.restrict(_reach(how)))
    if "imports" not in how.left_out:
        block.install()
    on["imports"] = _off(how, "imports") or "on"
    with os.fdopen(how.told, "wb") as stream:
        stream.write(json.dumps({"on": on}).encode() + b"\n")
    from conformance.harness import worker  # noqa: PLC0415 - nothing of numpy before this line

    sys.argv = ["conformance.harness.worker", source]
    worker.main()


def _reach(how: Settings) -> Reach:
    writable = [Path(folder) for folder in (how.temporary, *how.caches)]
    return reach(writable, [Path(folder) for folder in how.hidden])


def _limit(how: Settings, *, is_counted_apart: bool) -> None:
    import resource  # noqa: PLC0415 - Windows has none

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_FSIZE, how.disk_bytes)
    if is_counted_apart:  # else all that the user runs counts
        _lower(resource.RLIMIT_NPROC, _most_tasks(how))


def _most_tasks(how: Settings) -> int:
    """Threads count too: on a large machine a framework starts several for each CPU."""
    return how.processes + 64 * (os.cpu_count() or 1)


def _lower(what: int, most: int) -> None:
    import resource  # noqa: PLC0415 - Windows has none

    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(what, (most, most))


def _give_up() -> None:
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.drop_capabilities(keep=(linux.CAP_DAC_OVERRIDE,))


def _off(how: Settings, name: str) -> str:
    return "off: left out" if name in how.left_out else ""


def _tried(lay_on: Callable[[], object]) -> str:
    """Whether a protection could be laid on, and the system's word where not."""
    try:
        how = lay_on()
    except (OSError, AttributeError, ImportError) as error:  # a C library without the function
        return f"off: {error}"
    return "on" if how is None else f"on: {how}"


if __name__ == "__main__":
    main()
