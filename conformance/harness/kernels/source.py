"""Which kernel is meant, and what was said about it: the words that travel to its worker."""

from __future__ import annotations

import json
import reprlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args, get_type_hints

from conformance.errors import InputError
from conformance.harness import search_path
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
        attribute: What its attribute ``conformance`` holds where the user's process has it, which
            may be set after its module is made; None to read it where it is loaded.
        declared: Entries of that attribute that are said from outside, and win.
        where: Predicates that its scope is narrowed by, beside those that it declares.
    """

    selector: str
    dialect: Mapping[str, str] = field(default_factory=dict)
    arrays: str | None = None
    memory_gib: float = MEMORY_GIB
    attribute: Mapping[str, Any] | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()

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

    @property
    def places(self) -> tuple[str, ...]:
        """Where a worker looks for modules, before its own places: where this process does.

        Nowhere else for a program: it may start another Python, which our places lead astray.
        """
        return () if is_program(self.selector) else tuple(sys.path)

    def encode(self) -> str:
        """One line of text that `decode` undoes."""
        return json.dumps(asdict(self))


def is_program(selector: str) -> bool:
    """Whether a selector names a program: ``exec:COMMAND``, ``exec+npz:...``, ``exec+hdf5:...``."""
    return selector.startswith(tuple(PROGRAMS))


def decode(text: str) -> Source | None:
    """Undo `Source.encode`; None for any other text, such as the name of an adapter."""
    if not text.startswith("{"):
        return None
    said = json.loads(text)
    return Source(**{**said, "where": tuple(said["where"])})


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


def parse_declared(texts: Iterable[str]) -> dict[str, Any]:
    """Declarations written as ``ranks=2,4``, ``dtypes=float32``, ``fixed_eps=1e-5``.

    A value is read as JSON where it is some, else as words between commas; what it may be is seen
    where it is used.

    Raises:
        InputError: a text is not ``name=value``.
    """
    said: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError(
                f"a declaration is {reprlib.repr(text)}, name=value was wanted. Such as "
                "ranks=2,4 or dtypes=float32 or fixed_eps=1e-5."
            )
        said[name.strip()] = _value(name.strip(), value.strip())
    return said


_LISTS = ("dtypes", "ranks", "where")


def _value(name: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if name in _LISTS and not isinstance(value, list):
        words = [word.strip() for word in text.split(",")]
        return [int(word) if word.isdecimal() and name == "ranks" else word for word in words]
    return text if value is None else value


def check_dialect(said: Mapping[str, Any]) -> None:
    """Refuse conventions that do not exist.

    Raises:
        InputError: the message lists those that do.
    """
    known = _conventions() if said else {}
    for name, value in said.items():
        if value not in known.get(name, ()):
            raise InputError(
                f"there is no convention {name}={value}. Those that exist are {_told()}."
            )


def _conventions() -> dict[str, tuple[str, ...]]:
    with search_path.neighbours_last():
        from conformance.case import Dialect  # noqa: PLC0415 - needs numpy, which comes later
    hints = get_type_hints(Dialect)
    return {f.name: get_args(hints[f.name]) for f in fields(Dialect)}


def _told() -> str:
    return ", ".join(f"{name}={'|'.join(values)}" for name, values in _conventions().items())
