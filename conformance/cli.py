"""The command line; everything but this file is loaded where Ctrl-C is told in one line."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

_INTERRUPTED = 130  # as in conformance.commands.exits, which may be what was being loaded

_COLLECTED_AFTER = 200_000
"""Objects after which cycles are looked for; by default 700, for which a short command pays 5 %."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; returns its exit status."""
    gc.set_threshold(_COLLECTED_AFTER)
    try:
        from conformance.commands.door import enter  # noqa: PLC0415 - see the module's text

        return enter(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        print("conformance: stopped by Ctrl-C before it began.", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
