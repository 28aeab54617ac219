"""One adapter in a process of its own: reads inputs, runs a path, writes outputs.

Started as ``python -m conformance.worker ADAPTER``.  Messages travel over the standard input and
output that it was started with; what the framework itself prints goes to standard error.  A
worker never sees expected values.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from dataclasses import asdict
from fnmatch import fnmatch
from importlib import metadata
from typing import IO, Any

import numpy as np

from conformance import adapter, wire
from conformance._version import __version__
from conformance.adapter import Adapter, Path
from conformance.case import Array, Inputs
from conformance.diagnosed import WROTE_TO_INPUTS
from conformance.errors import AdapterError, InputError, Unsupported
from conformance.history import through_history
from conformance.memory import laid_out


def main() -> None:
    """Serve requests until the other side closes the pipe."""
    requests, responses = _claim_standard_streams()
    loaded: Adapter | None = None
    while True:
        try:
            header, arrays = wire.receive(requests)
        except EOFError:
            return
        try:
            loaded = loaded or adapter.load(sys.argv[1])
            answer, outputs = _serve(loaded, header, arrays)
        except AdapterError as error:
            answer, outputs = {"status": "refused", "reason": str(error)}, {}
        wire.send(responses, answer, outputs)


def _claim_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Keep stdin and stdout for messages; give the framework an empty one and stderr."""
    requests, responses = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), os.fdopen(responses, "wb")


def _serve(
    loaded: Adapter, header: dict[str, Any], arrays: dict[str, Array]
) -> tuple[dict[str, Any], dict[str, Array]]:
    if header["do"] == "describe":
        return {"status": "ok", **describe(loaded)}, {}
    path = loaded.path(header["path"])
    try:
        # Once: between the batches of a history the running statistics are the path's own.
        inputs = laid_out(wire.unpack(header, arrays))
    except InputError as error:
        return {"status": "error", "reason": str(error)}, {}
    return run(path, header["case"], inputs)


def describe(loaded: Adapter) -> dict[str, Any]:
    """Name, versions, device and paths of an adapter, as JSON."""
    versions = {}
    for package in loaded.packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    versions |= {
        "conformance": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    paths = [{"name": p.name, "about": p.about, "dialect": asdict(p.dialect)} for p in loaded.paths]
    return {
        "name": loaded.name,
        "versions": versions,
        "device": loaded.device(),
        "paths": paths,
    }


def run(path: Path, case: str, inputs: Inputs) -> tuple[dict[str, Any], dict[str, Array]]:
    """Run one case on arrays as they lie; exceptions become a status with a reason."""
    if path.sample is not None and not any(fnmatch(case, glob) for glob in path.sample):
        return {"status": "not-run", "reason": path.sample_reason or "outside the sample"}, {}
    try:
        reason = adapter.why_not(path.capabilities, inputs)
        if reason is not None:
            raise Unsupported(reason)  # noqa: TRY301 - one road for both kinds of refusal
        before, started = _bytes(inputs), time.perf_counter()
        outputs = dict(through_history(path.run, inputs))
        seconds = time.perf_counter() - started
    except Unsupported as refusal:
        return {"status": "unsupported", "reason": str(refusal)}, {}
    except Exception as error:  # noqa: BLE001 - whatever a framework raises is a finding
        last = traceback.format_exc().strip()
        return {"status": "error", "reason": f"{type(error).__name__}: {error}", "trace": last}, {}
    fault = _breach(before, inputs, outputs)
    if fault is not None:
        return {"status": "error", "reason": fault}, {}
    return {"status": "ok", "seconds": seconds}, outputs


def _breach(before: dict[str, bytes], inputs: Inputs, outputs: dict[str, Array]) -> str | None:
    """How a call broke the contract of `Path.run`, if it did."""
    changed = [name for name, data in _bytes(inputs).items() if before[name] != data]
    if changed:
        return f"{WROTE_TO_INPUTS}: {', '.join(changed)}"
    stray = [name for name, value in outputs.items() if not isinstance(value, np.ndarray)]
    return f"not a numpy array: {', '.join(stray)}" if stray else None


def _bytes(inputs: Inputs) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in wire.pack(inputs)[1].items()}


if __name__ == "__main__":
    main()
