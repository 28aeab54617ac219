"""What the values of large cases are, as digests: nobody stores 100 million values.

The stream is made of operations that are exact on every machine.  A digest that differs says that
one of them is not so here, before a kernel is blamed for it.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import resources

from conformance.case import Inputs
from conformance.errors import GoldenFileError

NAME = "digests.json"
_DIGITS = 16


def digest(inputs: Inputs) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over all arrays of a call, in their order."""
    found = hashlib.sha256()
    for name, array in inputs.given().items():
        found.update(f"{name} {array.dtype} {array.shape} ".encode())
        found.update(array.tobytes())
    return found.hexdigest()[:_DIGITS]


@cache
def known() -> dict[str, str]:
    """The digest of every row, by its name."""
    file = resources.files("conformance.cases.large").joinpath(NAME)
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def require(name: str, inputs: Inputs) -> None:
    """Refuse values that are not those of the row.

    Raises:
        GoldenFileError: they are others; the message says what that means.
    """
    found, wanted = digest(inputs), known().get(name)
    if found != wanted:
        raise GoldenFileError(
            f"the values of large/{name} have digest {found} on this machine, {wanted} was wanted. "
            "The stream of numbers is exact on every machine with IEEE arithmetic: look for a "
            "numpy or a C library that is built otherwise, and say so to the project."
        )
