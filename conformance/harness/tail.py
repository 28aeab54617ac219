"""The end of what a process printed; the rest is read and forgotten, however much it is."""

from __future__ import annotations

import os
import threading
from typing import IO

from conformance.printable import printable

_CHUNK = 1 << 16


class Tail:
    """The last characters that came through a pipe, read by a thread of its own."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        """Begin to read.

        Args:
            stream: The pipe; it is closed at its end.
            most: How many bytes are kept.
        """
        self._stream, self._most = stream, most
        self._end, self._total = b"", 0
        self._done = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        try:
            with self._stream as stream:
                while chunk := os.read(stream.fileno(), _CHUNK):
                    self._end = (self._end + chunk)[-self._most :]
                    self._total += len(chunk)
        except (OSError, ValueError, MemoryError):
            return  # what was printed until then is what there is
        finally:
            self._done.set()

    def text(self) -> str | None:
        """What there is, once the process is gone; with a word on what is left out."""
        self._done.wait(timeout=1)
        said = printable(self._end.decode(errors="replace")).strip()
        if self._total > len(self._end):
            said = f"... the end of {self._total:,} bytes:\n{said}"
        return said or None
