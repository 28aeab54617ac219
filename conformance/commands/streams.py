"""Standard output and error that may be closed, full, or read only in part.

A reader that goes away (``conformance ... | head``) changes neither the files that a command writes
nor its exit status, so what is printed after that is dropped.  A full disk is an error.

No character that drives a terminal passes, wherever it came from, but what `commands.console`
draws.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import IO, Any

from conformance.errors import OutputError
from conformance.printable import printable


class Patient(io.TextIOBase):
    """A text stream that forgets what its reader no longer wants, and drives no terminal."""

    def __init__(self, stream: IO[str], name: str, *, drawn: bool = False) -> None:
        """Wrap a stream.

        Args:
            stream: What is written to.
            name: What an error calls it.
            drawn: Whether what is written is clean, and the escape sequences in it are our own.
        """
        self._stream, self._name, self._gone, self._drawn = stream, name, False, drawn

    def drawn(self) -> Patient:
        """The same stream for whoever cleans text and draws."""
        return Patient(self._stream, self._name, drawn=True)

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class has a plain attribute
        """The encoding of the stream; a table chooses its lines by it."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write, or drop it where nobody reads."""
        with self._open():
            self._stream.write(text if self._drawn else printable(text))
        return len(text)

    def flush(self) -> None:
        """Hand over what was written."""
        with self._open():
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return not self._gone and self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor below."""
        return self._stream.fileno()

    @contextlib.contextmanager
    def _open(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._leave()
        except OSError as error:
            self._leave()
            raise OutputError(
                f"{self._name} takes no more: {error.strerror or error}. A place with room was "
                "wanted. Free some, or send it elsewhere; files that were asked for are written."
            ) from error

    def _leave(self) -> None:
        """Let all that follows fall into the null device, the rest of the buffer included."""
        self._gone = True
        with contextlib.suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)


@contextlib.contextmanager
def standing() -> Iterator[None]:
    """Let standard output and error stand whatever becomes of their readers; undone at the end."""
    _fill_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout = _patient(sys.stdout, "standard output")
    sys.stderr = _patient(sys.stderr, "standard error")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _patient(stream: IO[str] | None, name: str) -> Any:
    """The stream made patient; what has none (``>&-``) prints into the null device."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as we
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # a sign that the terminal lacks stops nothing
    return Patient(stream, name)


def _fill_descriptors() -> None:
    """Occupy 0, 1 and 2 where they are closed, so that no file of ours takes their place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004 - standard error
        pass
    os.close(descriptor)
