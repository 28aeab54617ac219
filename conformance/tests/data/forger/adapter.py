"""An adapter whose paths write to the pipe of their worker, to answer for it or to break it."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.adapter import Adapter, Path
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Inputs

_HUGE = 100_000_000


def good(inputs: Inputs) -> Actual:
    """The mean in float64, which is right."""
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    return {"mean": inputs.x.astype(np.float64).mean(axis=axes)}


def wrong(inputs: Inputs) -> Actual:
    """A mean that is off by one."""
    return {"mean": good(inputs)["mean"] + 1}


def slow(inputs: Inputs) -> Actual:
    """Answer rightly, after a second."""
    time.sleep(1)
    return good(inputs)


def prints_without_end(inputs: Inputs) -> Actual:
    """Print half a gigabyte."""
    for _ in range(1 << 13):
        os.write(2, b"still here\n" * 6000)
    return good(inputs)


def stops_reading(inputs: Inputs) -> Actual:
    """Stop the worker once it has answered."""
    stop = "kill -s STOP $0; sleep 60"
    later = ["/bin/sh", "-c", f"sleep 0.2; {stop}", str(os.getpid())]
    subprocess.Popen(later, stdout=subprocess.DEVNULL)
    return good(inputs)


def pipe() -> int:
    """The descriptor on which the worker answers."""
    for number in range(3, 64):
        try:
            mode = os.fstat(number).st_mode
            writes = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:
            continue
        if stat.S_ISFIFO(mode) and writes:
            return number
    raise OSError("there is no pipe to write to")


def question() -> dict[str, Any]:
    """What was asked, as it lies in the worker's memory."""
    frame = sys._getframe()
    while frame is not None:
        told = frame.f_locals.get("header")
        if isinstance(told, dict) and "number" in told:
            return told
        frame = frame.f_back  # type: ignore[assignment]
    raise LookupError("nothing was asked")


def write(data: bytes) -> None:
    """Write all of it, however long the other side takes."""
    try:
        while data:
            data = data[os.write(pipe(), data[: 1 << 20]) :]
    except OSError:  # the other side has had enough
        return


def framed(header: bytes, body: bytes = b"", *, length: int | None = None, size: int = -1) -> bytes:
    """A message of these bytes, with lengths that may be other ones."""
    long = len(header) if length is None else length
    return struct.pack(">8sIQ", b"batchnrm", long, len(body) if size < 0 else size) + header + body


def header(**changes: Any) -> dict[str, Any]:
    """The header of a right answer, with changes."""
    number = question()["number"]
    told = {"status": "ok", "seconds": 0.0, "lacking": {}, "number": number, "answers": "run"}
    return {**told, "arrays": [], **changes}


def said(**changes: Any) -> Callable[[Inputs], Actual]:
    """A path that answers with a header of its own before it returns what is wrong."""

    def run(inputs: Inputs) -> Actual:
        write(framed(json.dumps(header(**changes)).encode()))
        return wrong(inputs)

    return run


def without(*names: str) -> Callable[[Inputs], Actual]:
    """The same with fields that are missing."""

    def run(inputs: Inputs) -> Actual:
        kept = {name: value for name, value in header().items() if name not in names}
        write(framed(json.dumps(kept).encode()))
        return wrong(inputs)

    return run


def raw(data: bytes | Callable[[], bytes]) -> Callable[[Inputs], Actual]:
    """A path that writes bytes."""

    def run(inputs: Inputs) -> Actual:
        write(data if isinstance(data, bytes) else data())
        return wrong(inputs)

    return run


def spelled(old: str, new: str) -> Callable[[Inputs], Actual]:
    """A path whose header has a text in place of another."""

    def run(inputs: Inputs) -> Actual:
        write(framed(json.dumps(header(reason="-")).replace(old, new).encode(errors="replace")))
        return wrong(inputs)

    return run


def arrays(*announced: Any, body: bytes = b"", size: int = -1) -> Callable[[Inputs], Actual]:
    """A path that announces arrays."""

    def run(inputs: Inputs) -> Actual:
        text = json.dumps(header(arrays=list(announced))).encode()
        write(framed(text, body, size=size))
        return wrong(inputs)

    return run


def endless(inputs: Inputs) -> Actual:
    """Send messages of an older question, a million of them."""
    one = framed(json.dumps(header(number="0" * 32)).encode())
    for _ in range(1000):
        write(one * 1000)
    return wrong(inputs)


def stops_within(inputs: Inputs) -> Actual:
    """Begin a message and never end it."""
    write(framed(b"{", length=100))
    time.sleep(3600)
    return wrong(inputs)


def closes(inputs: Inputs) -> Actual:
    """Close the pipe and go on."""
    os.close(pipe())
    time.sleep(3600)
    return wrong(inputs)


def in_a_child(_: Inputs) -> Actual:
    """Let a child hold the pipe and end the worker."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(20)
        os._exit(0)
    os._exit(3)


def twice(inputs: Inputs) -> Actual:
    """Answer rightly, and let the worker answer the same question again."""
    right = good(inputs)["mean"]
    told = header(arrays=[["mean", str(right.dtype), list(right.shape)]])
    write(framed(json.dumps(told).encode(), right.tobytes()))
    return wrong(inputs)


def later(data: Callable[[str], bytes]) -> Callable[[Inputs], Actual]:
    """A path that answers rightly and writes once its answer is gone."""

    def run(inputs: Inputs) -> Actual:
        sent = data(question()["number"])
        threading.Timer(0.05, write, [sent]).start()
        return good(inputs)

    return run


def _pass(number: str) -> bytes:
    return framed(json.dumps({"status": "pass", "number": number, "answers": "run"}).encode())


def _garbage(number: str) -> bytes:
    return number.encode() * 10_000


def _begun(number: str) -> bytes:
    return framed(number.encode(), length=60_000)


HARMLESS: dict[str, Callable[[Inputs], Actual]] = {
    "good": good,
    "slow": slow,
    "prints_without_end": prints_without_end,
    "stops_reading": stops_reading,
}
"""Paths that answer rightly and write to no pipe."""

FORGERIES: dict[str, Callable[[Inputs], Actual]] = {
    "pass": said(status="pass"),
    "conforms": said(status="conforms"),
    "expected_fail": said(status="expected-fail"),
    "degraded": said(status="degraded"),
    "left_out": said(status="not-run", reason="outside the sample"),
    "refused": said(status="refused", reason="-"),
    "timeout": said(status="timeout", reason="-"),
    "a_list": said(status=["ok"]),
    "nothing": said(status=None),
    "a_verdict": said(grade="A"),
    "no_status": without("status"),
    "no_number": without("number"),
    "no_arrays": without("arrays"),
    "guessed": said(number="0" * 32),
    "other_question": said(answers="describe"),
    "long_reason": said(status="error", reason="x" * _HUGE),
    "negative_time": said(seconds=-1.0),
    "long_time": said(seconds=1e6),
    "wrong_time": said(seconds="soon"),
    "true_time": said(seconds=True),
    "long_header": raw(framed(b"", length=(1 << 32) - 1)),
    "no_message": raw(b"status: pass\n" * 10),
    "empty": raw(framed(b"")),
    "not_utf8": raw(framed(b'{"status": "\xff"}')),
    "no_object": raw(framed(b'["ok"]')),
    "pickled": raw(framed(pickle.dumps({"status": "ok"}))),
    "bare_pickle": raw(pickle.dumps({"status": "ok"}) * 3),
    "deep": raw(framed(b"[" * 100_000 + b"]" * 100_000)),
    "huge_integer": raw(
        lambda: framed(json.dumps(header()).encode()[:-1] + b', "a": 1' + b"0" * 9999 + b"}")
    ),
    "nan": spelled('"seconds": 0.0', '"seconds": NaN'),
    "infinite": spelled('"seconds": 0.0', '"seconds": 1e999'),
    "said_twice": spelled('"status": "ok"', '"status": "error", "status": "ok"'),
    "half_character": spelled('"reason": "-"', '"reason": "\\ud800"'),
    "escape": spelled('"reason": "-"', '"reason": "\\u001b[2J CONFORMS"'),
    "array_of_4_gb": arrays(["mean", "float64", [1 << 29]], size=1 << 32),
    "quiet_4_gb": arrays(["mean", "float64", [1 << 29]]),
    "all_at_once": arrays(*[[n, "complex128", [1400]] for n in OUTPUT_NAMES], size=9 * 16 * 1400),
    "no_axis": arrays(["mean", "float64", [-4]]),
    "empty_axis": arrays(["mean", "float64", [0, 1 << 62]]),
    "half_axis": arrays(["mean", "float64", [1.5]]),
    "many_axes": arrays(["mean", "float64", [1] * 100], body=b"\0" * 8),
    "many_arrays": arrays(*[["mean", "float64", [0]]] * 10_000),
    "same_name": arrays(["mean", "float64", [0]], ["mean", "float64", [0]]),
    "other_name": arrays(["verdict", "float64", [0]]),
    "second_call": arrays(["again/mean", "float64", [0]]),
    "no_name": arrays([["mean"], "float64", [0]]),
    "objects": arrays(["mean", "object", [1]], body=b"\0" * 8),
    "fields": arrays(["mean", [["f", "f8"]], [1]], body=b"\0" * 8),
    "other_type": arrays(["mean", "float65", [1]], body=b"\0" * 8),
    "too_few_bytes": arrays(["mean", "float64", [4]], body=b"\0" * 24),
    "too_many_bytes": arrays(["mean", "float64", [4]], body=b"\0" * 40),
    "endless": endless,
}
"""Paths whose answer is the forged one, since it comes first."""

PATIENT: dict[str, Callable[[Inputs], Actual]] = {
    "stops_within": stops_within,
    "closes": closes,
    "in_a_child": in_a_child,
}
"""Paths that leave the pipe in a state in which nothing more comes."""

LATER: dict[str, Callable[[Inputs], Actual]] = {
    "twice": twice,
    "later_pass": later(_pass),
    "later_garbage": later(_garbage),
    "later_begun": later(_begun),
}
"""Paths that answer rightly, and whose process then sends what nobody asked for."""

ADAPTER = Adapter(
    name="forger",
    packages=("numpy",),
    device=lambda: "cpu",
    paths=tuple(
        Path(name=name, about=name, run=run)
        for name, run in {**HARMLESS, **FORGERIES, **PATIENT, **LATER}.items()
    ),
)
