"""One adapter or kernel in a process of its own: reads inputs, runs it, writes outputs.

Started as ``python -m conformance.harness.worker SOURCE PARENT``: the name or file of an adapter,
or an encoded `conformance.harness.kernels.source.Source`, and the process with which it is to end.
Messages travel over the standard input and output that it was started with; what is printed goes
to standard error.  A worker never sees expected values.
"""

from __future__ import annotations

import faulthandler
import os
import platform
import sys
import time
import traceback
from dataclasses import asdict
from functools import partial
from typing import IO, Any

import numpy as np

from conformance import adapter
from conformance._version import __version__
from conformance.adapter import WROTE_TO_INPUTS, Adapter, Path
from conformance.arrays import OUTPUT_NAMES
from conformance.batches import through_earlier
from conformance.case import Actual, Array, Inputs, Kernel
from conformance.errors import AdapterError, InputError, Unsupported
from conformance.harness import living, probing, series, stating, wire
from conformance.harness.allowance import REASON, TRACE, elements, nbytes
from conformance.harness.guard import die_with_parent
from conformance.harness.kernels import source as kernel_source
from conformance.memory import laid_out, lock
from conformance.printable import printable


def main() -> None:
    """Serve requests until the other side closes the pipe."""
    if len(sys.argv) > 2:  # noqa: PLR2004 - the second argument
        die_with_parent(int(sys.argv[2]))
    requests, responses = _claim_standard_streams()
    faulthandler.enable()  # a crash then says in which line of Python it happened
    source = kernel_source.decode(sys.argv[1])
    if source is not None:
        pass
    loaded: Adapter | None = None
    facts: dict[str, Any] = {}
    while True:
        try:
            header, arrays = wire.receive(requests)
        except EOFError:
            return
        try:
            if loaded is None:
                loaded, facts = _load(sys.argv[1])
            answer, outputs = _serve(loaded, header, arrays, facts)
        except (AdapterError, InputError) as error:
            status = "refused" if header["do"] == "describe" else "error"
            answer, outputs = {"status": status, "reason": text(str(error), REASON)}, {}
        asked = {"number": header["number"], "answers": header["do"]}
        wire.send(responses, {**answer, **asked}, outputs)


def _load(told: str) -> tuple[Adapter, dict[str, Any]]:
    """The adapter, and for a kernel what a report says of it."""
    source = kernel_source.decode(told)
    if source is None:
        return adapter.load(told), {}
    from conformance.harness.kernels import limits, load  # noqa: PLC0415 - adapters need none of it

    # A kernel is edited and checked again at once: compiled files are told apart by the second.
    sys.dont_write_bytecode = True
    kernel = load.load(source)
    limits.limit_memory(source.memory_gib)
    return kernel.adapter, kernel.facts


def _claim_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Keep stdin and stdout for messages; give the framework an empty one and stderr."""
    requests, responses = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), os.fdopen(responses, "wb")


def _serve(
    loaded: Adapter, header: dict[str, Any], arrays: dict[str, Array], facts: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Array]]:
    if header["do"] == "describe":
        return {"status": "ok", **describe(loaded), "facts": facts}, {}
    path = loaded.path(header["path"])
    _require_switches(path)
    if header["do"] == "defaults":
        return _stated(path), {}
    if header["do"] == "series":
        calls = [laid_out(call) for call in series.unpack(header, arrays)]
        made = partial(run, path) if not header["steps"] else living.steps(path, calls, header, run)
        return series.served(calls, header, made, time.perf_counter)
    try:
        # Once: between the batches of a sequence the running statistics are the path's own.
        inputs = laid_out(wire.unpack(header, arrays))
        if header.get("read_only"):
            lock(inputs)
    except InputError as error:
        return _raised(error), {}
    if header["do"] == "reproduce":
        return reproduce(loaded, path, inputs, header["output"]), {}
    leave_out = tuple(header.get("leave_out", ()))
    kernel: Any = path.run  # a kernel's takes leave_out, and nothing else is asked so
    if leave_out:
        kernel = partial(kernel, leave_out=leave_out)
    return run(path, inputs, kernel, repeat=header.get("repeat", False))


def _stated(path: Path) -> dict[str, Any]:
    """What a path tells of its framework's defaults; exceptions become a status with a reason."""
    try:
        return {"status": "ok", "defaults": stating.defaults(path)}
    except BaseException as error:  # noqa: BLE001 - whatever a framework raises is told
        return _raised(error)


def _require_switches(path: Path) -> None:
    """Refuse to run a path without its switches: its framework was imported under other ones."""
    for name, value in path.switches.items():
        found = os.environ.get(name)
        if found != value:
            raise AdapterError(
                f"the worker of path {path.name!r} has {name} = {found!r}, {value!r} was wanted. "
                "Set it before the framework is imported: an adapter may not change its switches."
            )


def describe(loaded: Adapter) -> dict[str, Any]:
    """Name, versions, device and paths of an adapter, as JSON."""
    own = {
        "conformance": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    packages = {name: own.get(name) or _version(name) for name in loaded.packages}
    versions = packages | own  # the framework's first
    paths = [
        {
            "name": p.name,
            "about": text(p.about, 1000),
            "dialect": asdict(p.dialect),
            "switches": dict(p.switches),
            "sample": None if p.sample is None else list(p.sample),
            "sample_reason": p.sample_reason,
        }
        for p in loaded.paths
    ]
    return {
        "name": text(loaded.name, 200),
        "versions": versions,
        "device": text(str(loaded.device()), 1000),
        "paths": paths,
        "reproduces": loaded.reproduce is not None,
        "traits": probing.traits(loaded),
    }


def _version(package: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - half as long as numpy takes

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def reproduce(loaded: Adapter, path: Path, inputs: Inputs, output: str) -> dict[str, Any]:
    """A program in the framework's own terms that makes one call and prints an output.

    Raises:
        AdapterError: the adapter writes none.
    """
    if loaded.reproduce is None:
        raise AdapterError(
            f"adapter {loaded.name!r} writes no reproductions. Give its Adapter the field "
            "reproduce, or show the failure with: conformance run"
        )
    calls = [inputs]
    if inputs.earlier:
        # What came before is told by the statistics that it left.
        def noted(call: Inputs) -> Actual:
            calls.append(call)
            return path.run(call)

        through_earlier(noted, inputs)
    program = loaded.reproduce(path.name, calls[-1], output)
    return {"status": "ok", "program": _with_switches(path, program)}


def _with_switches(path: Path, program: str) -> str:
    """The program with the switches of its path, before it imports the framework."""
    if not path.switches:
        return program
    lines = [f"os.environ[{name!r}] = {value!r}" for name, value in path.switches.items()]
    return "\n".join(["import os", "", *lines, program])


def run(
    path: Path,
    inputs: Inputs,
    kernel: Kernel | None = None,
    *,
    repeat: bool = False,
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Run one case on arrays as they lie; exceptions become a status with a reason.

    Args:
        path: What to run.
        inputs: The call.
        kernel: What to call instead of ``path.run``.
        repeat: Call twice, and send the second outputs too where their bits differ.
    """
    try:
        reason = adapter.why_not(path.capabilities, inputs)
        lacking = {} if reason else probing.lacking(path.probes, inputs)
        reason = reason or lacking.get(probing.EVERYTHING)
        if reason is not None:
            raise Unsupported(reason)  # noqa: TRY301 - one road for all kinds of refusal
        seconds, outputs = _called(kernel or path.run, inputs, repeat=repeat)
    except BaseException as error:  # noqa: BLE001 - whatever a framework raises is a finding
        return _raised(error), {}
    told = {name: text(reason, REASON) for name, reason in lacking.items()}
    return {"status": "ok", "seconds": seconds, "lacking": told}, outputs


def _called(kernel: Kernel, inputs: Inputs, *, repeat: bool) -> tuple[float, dict[str, Array]]:
    """Seconds and outputs of a call that keeps the contract, or of two."""
    before, started = _bytes(inputs), time.perf_counter()
    outputs = dict(through_earlier(kernel, inputs))
    seconds = time.perf_counter() - started
    fault = _breach(before, inputs, outputs)
    if fault is not None:
        raise AdapterError(fault)
    return seconds, _repeated(kernel, inputs, outputs) if repeat else outputs


def text(said: str, most: int, *, end: bool = False) -> str:
    """A text as a message may hold it: without control characters, and bounded.

    Args:
        said: The text.
        most: How many characters it may have.
        end: Whether its end is kept rather than its beginning.
    """
    kept = said[-4 * most :] if end else said[: 4 * most]
    clean = printable(kept.encode(errors="backslashreplace").decode())
    if len(clean) <= most and len(kept) == len(said):
        return clean
    note = f"... ({len(said):,} characters)"
    room = most - len(note)
    return note + clean[-room:] if end else clean[:room] + note


def _raised(error: BaseException) -> dict[str, Any]:
    """What an exception means."""
    if isinstance(error, Unsupported):
        return {"status": "unsupported", "reason": text(str(error), REASON)}
    if isinstance(error, (AdapterError, InputError)):
        return {"status": "error", "reason": text(str(error), REASON)}
    if isinstance(error, SystemExit):
        return {"status": "exit", "reason": text(f"it called sys.exit({error.code!r})", REASON)}
    trace = "".join(traceback.format_exception(error)).strip()
    reason = text(f"{type(error).__name__}: {error}", REASON)
    return {"status": "error", "reason": reason, "trace": text(trace, TRACE, end=True)}


def _repeated(kernel: Kernel, inputs: Inputs, first: dict[str, Array]) -> dict[str, Array]:
    """Call once more: the outputs of both calls, those of the second as far as they differ."""
    kept = {name: value.copy() for name, value in first.items()}
    second = through_earlier(kernel, inputs)
    stale = [n for n, value in first.items() if value.tobytes() != kept[n].tobytes()]
    if stale:
        raise AdapterError(
            f"the next call changed {', '.join(stale)} of the one before: they are a buffer that "
            "the kernel uses again. Return arrays of their own."
        )
    differs = {
        f"{wire.AGAIN}{name}": value
        for name, value in second.items()
        if name not in kept or value.tobytes() != kept[name].tobytes()
    }
    return kept | differs


def _breach(before: dict[str, bytes], inputs: Inputs, outputs: dict[str, Array]) -> str | None:
    """How a call broke the contract of `Path.run`, if it did."""
    changed = [name for name, data in _bytes(inputs).items() if before[name] != data]
    if changed:
        return f"{WROTE_TO_INPUTS}: {', '.join(changed)}"
    misnamed = [name for name in outputs if name not in OUTPUT_NAMES]
    if misnamed:
        return (
            f"an output is called {', '.join(map(repr, misnamed))}, expected one of "
            f"{', '.join(OUTPUT_NAMES)}. Rename it in the path's run()."
        )
    stray = [name for name, value in outputs.items() if not isinstance(value, np.ndarray)]
    if stray:
        return f"not a numpy array: {', '.join(stray)}"
    strange = [f"{n} has type {v.dtype}" for n, v in outputs.items() if not wire.is_sent(v.dtype)]
    if strange:
        return f"{', '.join(strange)}: a type of numbers was wanted"
    most = elements(inputs)
    large = [f"{n} has shape {v.shape}" for n, v in outputs.items() if v.size > most]
    total, room = sum(v.nbytes for v in outputs.values()), nbytes(inputs, repeat=False)
    if total > room and not large:
        large = [f"the outputs have {total:,} bytes, at most {room:,} were wanted"]
    return f"{', '.join(large)}: x has {inputs.x.shape}" if large else None


def _bytes(inputs: Inputs) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in wire.pack(inputs)[1].items()}


if __name__ == "__main__":
    main()
