"""Why outputs fail: told once, with lines that show it in the framework's own terms.

A file of expectations tells its causes in tables of this form:

    [cause.half-statistics]
    reason = "the mean and the inverse std are rounded to the type of the parameters"
    reproduction = '''
    import torch
    print(...)
    '''
    prints = "[-1.333, 0.6665]"        # what these lines print, at the version of the entries
    by_design = "documented so at ..."  # where it is no defect; instead of the lines or beside them
    paths = ["linen*"]                 # optional: whose lines they are, of paths that share it
    where = "float16-under-xla"        # optional: the machines on which the lines run, by a trait
    link = "https://..."               # optional: an issue upstream

Lines that end a process say how instead: ``prints = "killed by SIGFPE"``.  Numbers claim the digits
that are given, and no more; see `known.printed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from conformance.errors import ExpectationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of failures.

    Attributes:
        name: What entries call it.
        reason: What is wrong, in a sentence.
        reproduction: Python in the framework's own terms that shows it; runs by itself.
        prints: What the reproduction prints, without the line feeds around it.
        by_design: Why it is documented behaviour and no defect.
        paths: Globs of the paths whose lines they are: a report on another one leaves them out.
        where: The trait of the machines on which the reproduction runs; empty for all.
        link: An issue upstream.
    """

    name: str
    reason: str
    reproduction: str = ""
    prints: str = ""
    by_design: str = ""
    paths: tuple[str, ...] = ("*",)
    where: str = ""
    link: str = ""


_KEYS = tuple(field.name for field in fields(Cause) if field.name != "name")


def read(told: object, where: str) -> dict[str, Cause]:
    """The causes of a file, by name.

    Args:
        told: The table ``cause`` of the file.
        where: What to call the file in a message.

    Raises:
        ExpectationError: a cause lacks or misspells something.
    """
    if not isinstance(told, Mapping):
        raise ExpectationError(
            f"{where}: cause is {told!r}, tables were wanted. Write each as [cause.NAME]."
        )
    return {name: _cause(name, raw, f"{where}, [cause.{name}]") for name, raw in told.items()}


def _cause(name: str, raw: Any, where: str) -> Cause:
    if not isinstance(raw, Mapping):
        raise ExpectationError(f"{where} is {raw!r}, a table was wanted. Write [cause.{name}].")
    stray = sorted(set(raw) - set(_KEYS))
    if stray:
        raise ExpectationError(
            f"{where} has unknown keys {stray}. Its keys are {', '.join(_KEYS)}."
        )
    texts = {key: value for key, value in raw.items() if key != "paths"}
    unreadable = {key: value for key, value in texts.items() if not isinstance(value, str)}
    if unreadable:
        raise ExpectationError(f"{where} has {unreadable}, texts were wanted. Put them in quotes.")
    told = {key: value.strip() for key, value in texts.items()}
    found = Cause(name=name, paths=_paths(raw.get("paths", ["*"]), where), **told)
    _require_evidence(found, where)
    return found


def _paths(told: object, where: str) -> tuple[str, ...]:
    if not isinstance(told, list) or not told or not all(isinstance(one, str) for one in told):
        raise ExpectationError(
            f'{where} has paths = {told!r}, a list of globs was wanted, such as ["linen*"]. '
            "Leave it out where the lines are of every path."
        )
    return tuple(told)


def _require_evidence(cause: Cause, where: str) -> None:
    """Refuse a cause that does not show what it says."""
    if not cause.reason:
        raise ExpectationError(
            f"{where} has reason = {cause.reason!r}, a sentence was wanted. Say what is wrong."
        )
    if not cause.reproduction and not cause.by_design:
        raise ExpectationError(
            f"{where} has neither reproduction nor by_design, one of them was wanted for the "
            f"reason {cause.reason!r}. Give lines that show it and what they print, or "
            "say where it is documented."
        )
    if bool(cause.reproduction) != bool(cause.prints):
        raise ExpectationError(
            f"{where} has reproduction = {cause.reproduction!r} and prints = {cause.prints!r}, "
            "both were wanted or neither. Run the lines and say what they print."
        )
