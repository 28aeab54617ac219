"""Kernels that do their worst: each breaks one thing around a correct batch normalization."""

# ruff: noqa: ARG001 - a kernel has the parameters that a kernel has, used or not

from __future__ import annotations

import ctypes
import json
import os
import stat
import struct
import sys
import time
from typing import Any

import numpy as np

Outputs = dict[str, Any]

BY_HEART = "ANSWERS_BY_HEART"
"""The environment variable that names the file of answers that a cheat brings with it."""


def right(
    x: Any,
    gamma: Any,
    beta: Any,
    dy: Any,
    *,
    running_mean: Any,
    running_var: Any,
    eps: float,
    momentum: float,
    training: bool,
    axis: int,
) -> Outputs:
    """The y of batch normalization in float64, and dbeta; in training mode alone."""
    if not training or not x.size:
        raise NotImplementedError("training on data alone")
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    wide, shape = x.astype(np.float64), [1] * x.ndim
    shape[axis] = -1
    mean, var = wide.mean(axes, keepdims=True), wide.var(axes, keepdims=True)
    y = (wide - mean) / np.sqrt(var + eps) * gamma.reshape(shape) + beta.reshape(shape)
    dbeta = dy.astype(np.float64).sum(axes)
    return {"y": y.astype(x.dtype), "dbeta": dbeta.astype(beta.dtype)}


def segfault(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Read address 0."""
    return ctypes.string_at(0)


def abort(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Abort, as a failed assertion in C does."""
    os.abort()


def hang(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Never return."""
    while True:
        time.sleep(1)


def endless_output(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Print for ever."""
    while True:
        os.write(1, b"still here\n" * 5000)


def noise(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Print what looks like a message, by every way to standard output."""
    print('{"status": "ok"}')  # noqa: T201 - that is what it does
    sys.stdout.flush()
    os.write(1, bytes(range(256)))
    return right(x, gamma, beta, dy, **given)


def leaves(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Call sys.exit as if all were well."""
    sys.exit(0)


def leaves_at_once(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """End the process without a word."""
    os._exit(0)


def greedy(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Allocate without end."""
    held = []
    while True:
        held.append(np.ones(1 << 23))


def wrong_shape(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Return y with its axes the other way round."""
    return {"y": right(x, gamma, beta, dy, **given)["y"].T.copy()}


def wrong_type(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Return a y that is wider than x."""
    return {"y": right(x, gamma, beta, dy, **given)["y"].astype(np.longdouble)}


def not_a_number(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Return NaN."""
    return np.full_like(x, np.nan)


def mutates(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Compute dbeta in the memory of dy."""
    found = right(x, gamma, beta, dy, **given)
    dy *= 2
    return found


def returns_a_view(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Return x itself as y."""
    return {"y": x[...]}


_BUFFERS: dict[tuple[int, ...], Any] = {}
_LAST: list[float] = [0.0]


def stale_buffer(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Use one buffer for every call of a shape: what the first call returned is the second's."""
    y = right(x, gamma, beta, dy, **given)["y"]
    buffer = _BUFFERS.setdefault(x.shape, np.zeros_like(y))
    buffer[...] = y if (buffer == 0).all() else np.nextafter(y, y.dtype.type(0))
    return {"y": buffer}


def remembers(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Add the mean of the call before."""
    y = right(x, gamma, beta, dy, **given)["y"]
    before, _LAST[0] = _LAST[0], 1.0 + abs(float(x.astype(np.float64).mean()))
    return {"y": (y + before).astype(x.dtype)}


def writes_behind(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Write one element past the end of x."""
    found = right(x, gamma, beta, dy, **given)
    if x.flags.c_contiguous:
        ctypes.memset(x.ctypes.data + x.nbytes, 0x5A, x.itemsize)
    return found


def by_chance(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Differ in the last bit from call to call, as sums with atomics do."""
    y = right(x, gamma, beta, dy, **given)["y"]
    up = np.random.default_rng(int.from_bytes(os.urandom(8), "big")).random(y.shape) < 0.5
    return {"y": np.where(up, np.nextafter(y, y.dtype.type(np.inf)), y)}


def knows_the_answers(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Look the answer up among the public cases, which it brings with it; else guess."""
    known = np.load(os.environ[BY_HEART])
    for name in (name for name in known.files if name.startswith("x/")):
        same = known[name].shape == x.shape and known[name].tobytes() == x.tobytes()
        if same and name.replace("x/", "y/") in known:
            return {"y": known[name.replace("x/", "y/")].astype(x.dtype)}
    return {"y": np.zeros_like(x)}


def patches(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Make every comparison in its process succeed, and return nonsense."""
    from conformance.harness import worker  # noqa: PLC0415 - only the cheat needs it

    np.allclose = lambda *_args, **_more: True
    np.testing.assert_allclose = lambda *_args, **_more: None
    worker._breach = lambda *_args: None
    return np.zeros_like(x)


def interrupts(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Raise what is no Exception."""
    raise KeyboardInterrupt


def returns_words(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Return no array."""
    return {"y": "all is well"}


def other_names(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Return outputs under names of its own."""
    return {"dweight": x}


def leaves_a_child(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Start a process that holds every pipe and never ends."""
    import subprocess  # noqa: PLC0415 - only this one needs it

    subprocess.Popen(["/bin/sleep", "600"], close_fds=False)
    return right(x, gamma, beta, dy, **given)


def writes_to_every_pipe(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Send garbage where answers go."""
    for number in range(3, 16):
        try:
            os.write(number, b"\xff" * 64)
        except OSError:
            continue
    return x


def enormous(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Return far more than was asked for."""
    return np.zeros((4096, 4096), dtype=x.dtype)


def deep(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Call itself without end."""
    return deep(x, gamma, beta, eps)


def unsettles(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Change what belongs to its whole process, and answer rightly."""
    os.chdir("/")
    os.environ.clear()
    np.seterr(all="raise")
    sys.stdout = sys.stderr = None
    return right(x, gamma, beta, dy, **given)


def _answer_pipe() -> int:
    for number in range(3, 64):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, b"")
                return number
        except OSError:
            continue
    raise OSError("there is no pipe to write to")


def says_pass(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Tell the worker's other side that all is well, with the number of the question."""
    frame: Any = sys._getframe()
    while "header" not in frame.f_locals:
        frame = frame.f_back
    told = {"status": "pass", "number": frame.f_locals["header"]["number"], "answers": "run"}
    text = json.dumps({**told, "arrays": []}).encode()
    os.write(_answer_pipe(), struct.pack(">8sIQ", b"batchnrm", len(text), 0) + text)
    return np.zeros_like(x)


def answers_afterwards(x: Any, gamma: Any, beta: Any, dy: Any, **given: Any) -> Outputs:
    """Answer rightly, and send some more right after that, which a timer would do too late."""
    wire: Any = sys.modules["conformance.harness.wire"]
    pipe, send = _answer_pipe(), wire.send

    def with_more(*message: Any) -> None:
        wire.send = send
        send(*message)
        os.write(pipe, b"status: pass")

    wire.send = with_more
    return right(x, gamma, beta, dy, **given)


def is_interrupted(x: Any, gamma: Any, beta: Any, eps: float) -> Any:
    """Refuse every call in the words of a check that was stopped."""
    raise NotImplementedError("interrupted")
