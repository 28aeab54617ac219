"""Which kernel is meant, and what was said about it: the words that travel to its worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args, get_type_hints

from conformance.case import Dialect
from conformance.errors import InputError
from conformance.harness.kernels.bridges import FRAMEWORKS

ARRAYS = tuple(FRAMEWORKS)
"""What a kernel may take its arrays as."""

PROGRAMS = {"exec:": "raw", "exec+npz:": "npz", "exec+hdf5:": "hdf5"}
"""How the selector of a program begins, and in which form it is told a call."""

MEMORY_GIB = 8.0
"""What a kernel may allocate beyond what loading it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A kernel and what was declared about it from outside.

    Attributes:
        selector: ``path.py:object``, ``module:object`` or ``exec:COMMAND``.
        dialect: Conventions that differ from the kernel's own declaration, by field name.
        arrays: One of `ARRAYS`; None recognises it.
        memory_gib: GiB that it may allocate beyond what loading it took; 0 for no limit.
    """

    selector: str
    dialect: Mapping[str, str] = field(default_factory=dict)
    arrays: str | None = None
    memory_gib: float = MEMORY_GIB

    def __post_init__(self) -> None:
        """Refuse what is no convention and no kind of array.

        Raises:
            InputError: the message lists what there is.
        """
        check_dialect(self.dialect)
        if self.arrays not in (None, *ARRAYS):
            raise InputError(
                f"arrays is {self.arrays!r}, expected one of {', '.join(ARRAYS)}. "
                "Leave it out to have it recognised."
            )

    def encode(self) -> str:
        """One line of text that `decode` undoes."""
        return json.dumps(asdict(self))


def is_program(selector: str) -> bool:
    """Whether a selector names a program: ``exec:COMMAND``, ``exec+npz:...``, ``exec+hdf5:...``."""
    return selector.startswith(tuple(PROGRAMS))


def decode(text: str) -> Source | None:
    """Undo `Source.encode`; None for any other text, such as the name of an adapter."""
    return Source(**json.loads(text)) if text.startswith("{") else None


def parse_dialect(text: str) -> dict[str, str]:
    """Conventions written as ``momentum=old,running_var=biased``.

    Raises:
        InputError: a part is not ``name=value``, or not one that exists.
    """
    said: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"a convention is {part!r}, expected name=value. Such as {_told()}.")
        said[name.strip()] = value.strip()
    check_dialect(said)
    return said


def check_dialect(said: Mapping[str, Any]) -> None:
    """Refuse conventions that do not exist.

    Raises:
        InputError: the message lists those that do.
    """
    known = _conventions()
    for name, value in said.items():
        if value not in known.get(name, ()):
            raise InputError(
                f"there is no convention {name}={value}. Those that exist are {_told()}."
            )


def _conventions() -> dict[str, tuple[str, ...]]:
    hints = get_type_hints(Dialect)
    return {f.name: get_args(hints[f.name]) for f in fields(Dialect)}


def _told() -> str:
    return ", ".join(f"{name}={'|'.join(values)}" for name, values in _conventions().items())
