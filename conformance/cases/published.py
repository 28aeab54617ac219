"""The catalogue that this package was published with, known apart from the files beside it.

A manifest vouches for files that lie with it, so whoever can write one can write all.  The package
knows the digest of its catalogue by itself; any other catalogue is told as foreign wherever a
verdict, a report, a statement, a record or a matrix speaks of it.
"""

from __future__ import annotations

import ast
from pathlib import Path

from conformance import places
from conformance._version import __version__
from conformance.atomic import write_atomically
from conformance.cases import _published
from conformance.errors import GoldenFileError
from conformance.printable import cut, printable

CATALOGUE = _published.CATALOGUE
"""The digest of the published catalogue, as `conformance.cases.golden.Manifest` has it."""

DEPLOYED = _published.DEPLOYED
"""That of `conformance.cases.deployed`, whose golden files lie in a folder of their own."""

SHORT = 12
"""Hexadecimal digits by which a catalogue is called in a sentence."""


def foreign(digest: object) -> str | None:
    """What to say of a catalogue that is not the published one; None for that one.

    Args:
        digest: Its digest, or what stands in that place.
    """
    if digest in (CATALOGUE, DEPLOYED):
        return None
    return (
        f"foreign catalogue {str(digest)[:SHORT]!r}: conformance {__version__} was published with "
        f"{CATALOGUE[:SHORT]}"
    )


def of_folder(folder: object, digest: object) -> str:
    """What to say of the golden files of a folder that was named.

    Args:
        folder: Its name, as it was given.
        digest: That of their manifest.
    """
    known = foreign(digest) or "the published catalogue"
    return f"golden files of {cut(printable(str(folder)), 200)}: {known}"


def publish(digest: str, file: Path | None = None, *, name: str = "CATALOGUE") -> Path:
    """Let the package know a catalogue that was generated in its own place.

    Args:
        digest: Of the manifest that was written.
        name: Which of its catalogues that is: ``"CATALOGUE"`` or ``"DEPLOYED"``.
        file: Which source file says it; by default the package's own.

    Raises:
        GoldenFileError: the file is not there, or says anything else.
    """
    place = file or Path(_published.__file__)
    try:
        known = _known(place.read_text("utf-8"))[name]
    except (OSError, LookupError, ValueError, SyntaxError) as error:
        raise GoldenFileError(
            f"{place} cannot be read as the file of the published catalogue: {error}. "
            "Restore it from the repository."
        ) from error
    if known != digest:
        text = place.read_text("utf-8").replace(f'{name} = "{known}"', f'{name} = "{digest}"')
        write_atomically(place, text)
    return place


def _known(text: str) -> dict[str, str]:
    """The digests in a file of the published catalogues, by their name."""
    lines = (line.split(" = ") for line in text.splitlines() if " = " in line)
    return {name: str(ast.literal_eval(value)) for name, value in lines}


def is_home(folder: Path) -> bool:
    """Whether a folder is where this installation's golden files lie."""
    return folder.resolve() == places.folder("fixtures").resolve()
