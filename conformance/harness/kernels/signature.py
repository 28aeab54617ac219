"""A kernel whose parameters have names of their own: what each place is given, and what comes back.

``x, gamma, beta, None, eps -> y, mean, _`` calls it by position, and names the parts of its tuple.
"""

from __future__ import annotations

import functools
import reprlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.arrays import OUTPUT_NAMES
from conformance.errors import AdapterError, InputError
from conformance.harness.kernels.contract import ARGUMENTS, Parameters

_CONSTANTS = {"None": None, "True": True, "False": False}
_UNUSED = "_"
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Signature:
    """What is given by position, and what is returned.

    Attributes:
        text: It as it is told.
        given: For each place a name of the contract, or a constant in a tuple of one.
        returned: Names of the parts of what is returned; None where the kernel names them itself.
    """

    text: str
    given: tuple[str | tuple[Any], ...]
    returned: tuple[str, ...] | None


def parse(text: object) -> Signature:
    """Read a signature.

    Raises:
        InputError: it is none; the message lists what there is.
    """
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST:
        raise _refused(text, f"a text of up to {_LONGEST} characters was wanted")
    left, arrow, right = text.partition("->")
    given = tuple(_place(text, word.strip()) for word in left.strip().strip(",").split(","))
    names = [each for each in given if isinstance(each, str)]
    if "x" not in names or len({*names}) < len(names):
        raise _refused(text, "each argument once, and x among them, was wanted")
    returned = (
        tuple(word.strip() for word in right.strip().strip(",").split(",")) if arrow else None
    )
    for name in returned or ():
        if name not in (*OUTPUT_NAMES, _UNUSED):
            raise _refused(text, f"{name!r} is no output")
    kept = [name for name in returned or () if name != _UNUSED]
    if returned is not None and (not kept or len({*kept}) < len(kept)):
        raise _refused(text, "each output once, and one at least, was wanted")
    words = [each if isinstance(each, str) else repr(each[0]) for each in given]
    shown = ", ".join(words) + (f" -> {', '.join(returned)}" if returned else "")
    return Signature(shown, given, returned)


def signed(function: Callable[..., Any], said: Signature) -> tuple[Callable[..., Any], Parameters]:
    """A function that is called by position, as one of the contract.

    Args:
        function: What is called.
        said: What each place is given.
    """

    @functools.wraps(function)
    def called(**given: Any) -> Any:
        places = [given[e] if isinstance(e, str) else e[0] for e in said.given]
        return _named(function(*places), said)

    names = [each for each in said.given if isinstance(each, str)]
    return called, Parameters(names={n: n for n in names}, required=frozenset(names))


def _named(result: Any, said: Signature) -> Any:
    """The parts of a result under the names that a signature gives them.

    Raises:
        AdapterError: there are more or fewer parts than names.
    """
    if said.returned is None:
        return result
    parts = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    if len(parts) != len(said.returned):
        raise AdapterError(
            f"the kernel returned {len(parts)} arrays, and its signature names "
            f"{len(said.returned)}: {said.text}. Name each, with _ for what is not an output."
        )
    return {n: p for n, p in zip(said.returned, parts, strict=True) if n != _UNUSED}


def _place(text: str, word: str) -> str | tuple[Any]:
    if word in ARGUMENTS:
        return word
    if word in _CONSTANTS:
        return (_CONSTANTS[word],)
    try:
        return (float(word) if {*word} & {*".en"} else int(word),)
    except ValueError:
        raise _refused(text, f"{word!r} is no argument") from None


def _refused(text: object, why: str) -> InputError:
    return InputError(
        f"the signature {reprlib.repr(text)} is not understood: {why}. Arguments are "
        f"{', '.join(ARGUMENTS)}, numbers, None, True and False; outputs after -> are "
        f"{', '.join(OUTPUT_NAMES)}, and _ for what is none. Such as: x, gamma, beta, eps -> y"
    )
