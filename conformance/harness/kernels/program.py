"""A kernel that is a program in any language: started once per call, told and answering by files.

``COMMAND INPUT OUTPUT`` reads the call from INPUT, writes what it computes to OUTPUT and exits 0;
``docs/protocol.md`` is the whole protocol.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conformance import scratch
from conformance.case import Actual, Inputs, Kernel
from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels import exchange
from conformance.harness.kernels.source import PROGRAMS
from conformance.harness.tail import Tail
from conformance.printable import cut

UNSUPPORTED = 77
"""Exit status of a program that does not take this call; automake's word for a skipped test."""

_TAIL = 1000


@dataclass(frozen=True, slots=True)
class _Command:
    words: tuple[str, ...]
    form: str


def source_files(selector: str) -> list[Path]:
    """The files among the words of a command: the program and its script."""
    return [Path(word) for word in _command(selector).words if Path(word).is_file()]


def program(selector: str) -> Kernel:
    """A program as a kernel.

    Args:
        selector: ``exec:COMMAND``; the command is split as a shell does, and no shell runs.

    Raises:
        AdapterError: the command is empty, its quotes are not closed, or it cannot be run.
    """
    command = _command(selector)
    if shutil.which(command.words[0]) is None:
        raise AdapterError(
            f"there is no program {command.words[0]}, or it may not be run. Give one that exists, "
            "with its path: 'exec:./batch_norm'."
        )

    def run(inputs: Inputs) -> Actual:
        with scratch.folder() as folder:
            given, answered = folder / "input", folder / "output"
            form = exchange.FORMS[command.form]
            form.write(given, inputs)
            if form.is_folder:
                answered.mkdir()
            _start(command, given, answered)
            return _answer(command, form.read, answered, inputs)

    return run


def _command(selector: str) -> _Command:
    prefix = next(p for p in PROGRAMS if selector.startswith(p))
    try:
        words = shlex.split(selector[len(prefix) :])
    except ValueError as error:
        raise AdapterError(
            f"the command of {selector!r} cannot be read: {error}. Close its quotes."
        ) from error
    if not words:
        raise AdapterError(f"{selector!r} names no command. Give one, such as 'exec:./batch_norm'.")
    return _Command(tuple(words), PROGRAMS[prefix])


def _start(command: _Command, given: Path, answered: Path) -> None:
    """Run the program to its end; its standard output goes where our errors go."""
    words = [*command.words, str(given), str(answered)]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own program
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise AdapterError(
            f"{command.words[0]} cannot be started: {error.strerror}. Give a program of this "
            "machine, or name its interpreter: 'exec:python3 batch_norm.py'."
        ) from error
    printed = [Tail(stream, _TAIL) for stream in (process.stdout, process.stderr) if stream]
    status = process.wait()
    texts = [tail.text() or "" for tail in printed]
    said = "\n".join(filter(None, texts))
    sys.stderr.write(said)
    if status == UNSUPPORTED:
        last = texts[-1].splitlines()
        raise Unsupported(last[-1] if last else "the program exits with status 77")
    if status:
        raise AdapterError(
            f"{command.words[0]} {_how_it_ended(status)}; status 0 was wanted, "
            f"or {UNSUPPORTED} for a call that it does not take." + (f"\n{said}" if said else "")
        )


def _how_it_ended(status: int) -> str:
    if status > 0:
        return f"exits with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _answer(
    command: _Command,
    read: Callable[[Path, Inputs], Actual],
    answered: Path,
    inputs: Inputs,
) -> Actual:
    try:
        return read(answered, inputs)
    except FileNotFoundError as error:
        raise AdapterError(
            f"{command.words[0]} exits with status 0 and wrote no {error.filename}. "
            f"Write the outputs there, or exit with {UNSUPPORTED}."
        ) from error
    except (AdapterError, Unsupported):
        raise
    except Exception as error:  # files that others wrote fail in ways without number
        raise AdapterError(
            f"{command.words[0]} wrote what cannot be read: {type(error).__name__}: "
            f"{cut(str(error), 400)}. See docs/protocol.md for the form."
        ) from error
