"""From the name of a thing to the name of its file: in one folder, and never two things in one.

Names come from records of other machines.  One that is spelled as cases and columns are is kept
readable: ``offset/1e4`` is ``offset--1e4`` and ``torch/native (cuda, newest)`` is
``torch--native---cuda----newest``.  Of any other what is plain is kept, and a digest of the whole
follows.  Two names never give one, also where a file system takes ``A`` for ``a``.
"""

from __future__ import annotations

import hashlib
import re

_PART = r"[a-z0-9_]+(?:[.-][a-z0-9_]+)*"  # neither "--" nor an end that a reader could miss
_READABLE = re.compile(rf"{_PART}(?:/{_PART})*(?: \({_PART}(?:, {_PART})*\))?", re.ASCII)
_DIGESTED = re.compile(r".*-x[0-9a-f]{32}", re.ASCII)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.ASCII)
"""Names that are devices on Windows, with any ending."""

_LONG = 120
"""How long a name is at most; a file system takes 255, and an ending follows."""


def file_name(name: str) -> str:
    """The name of the file of `name`, without an ending: always the same, and of no other name."""
    readable = _READABLE.fullmatch(name) is not None and not _RESERVED.fullmatch(name)
    if readable and len(name) <= _LONG and not _DIGESTED.fullmatch(name):
        marked = name.replace(", ", "----").replace(" (", "---").replace(")", "")
        return marked.replace("/", "--")
    kept = re.sub(r"[^a-z0-9]+", "-", name[:_LONG].lower()).strip("-")[:40]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{kept or 'name'}-x{digest}"
