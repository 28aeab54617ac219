"""The exit statuses of every command, in one place; whatever is 2 or more gave no verdict."""

from __future__ import annotations

from typing import Final

CONFORMS: Final = 0
"""What was asked holds: it conforms, it was written, nothing got worse."""

DOES_NOT: Final = 1
"""It was asked and answered, and the answer is no."""

COULD_NOT_RUN: Final = 2
"""Nothing was answered: an argument, a file or a kernel is not what was wanted."""

OWN_FAULT: Final = 70
"""The fault is in this package; sysexits.h calls this number EX_SOFTWARE."""

BY_SIGNAL: Final = 128
"""Added to the number of a signal that stopped the command: 130 Ctrl-C, 143 SIGTERM."""

TOLD: Final = """\
2 could not run, 70 a fault of conformance itself, 130 stopped by Ctrl-C, 143 by SIGTERM
(what was found so far is then printed and written, and says that it is partial)"""
"""The statuses that all commands share, for their help."""
