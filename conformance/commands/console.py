"""What draws in a terminal: tables and progress, of text that cannot drive it.

Rich writes escape sequences of its own, so what is drawn passes `commands.streams` as it is, and
each piece of text is cleaned before rich puts a style around it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from conformance.commands.streams import Patient
from conformance.printable import printable


class CleanConsole(Console):
    """A console on which no text moves the cursor, rings a bell or reads from right to left."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The pieces of what is drawn; rich's own controls are apart from text."""
        for piece in super().render(renderable, options):
            text = piece.text
            yield piece if piece.control else piece._replace(text=printable(text))


def drawn(*, stderr: bool = False, **options: Any) -> Console:
    """A console on standard output, or on standard error."""
    stream = sys.stderr if stderr else sys.stdout
    file: Any = stream.drawn() if isinstance(stream, Patient) else stream
    return CleanConsole(file=file, stderr=stderr, **options)
