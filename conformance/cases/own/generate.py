"""Golden files of one's own, as one call: `conformance.generate`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.case import Inputs
from conformance.cases.golden.bounds import Told
from conformance.cases.own import given, making, recipes
from conformance.cases.own.draft import Draft
from conformance.cases.own.making import Generated
from conformance.errors import RecipeError


def generate(
    what: str | os.PathLike[str] | Mapping[str, Any] | Inputs | Iterable[Inputs],
    folder: str | os.PathLike[str],
    *,
    name: str = recipes.NAME,
    about: str | None = None,
    tell: Told = lambda *_: None,
) -> Generated:
    """Write golden files of problems of one's own: exact answers, every value of them proven.

    The files are those that ``conformance generate`` writes and are read with `conformance.load`'s
    ``folder``.  All are written or none: each case is drawn, solved, proven and written before the
    next one, into a folder that replaces `folder` at the end.  Memory holds one case.

    Args:
        what: A recipe, as the path of a ``.toml`` file or what such a file holds; arrays, as the
            path of what ``--arrays`` takes; or calls: one, several, or several by name.
        folder: Where to write: a new folder, an empty one, or one of golden files.
        name: What the golden file of given arrays is called; a recipe has its own ``name``.
        about: What the cases are for, in a sentence; a recipe has its own ``about``.
        tell: Called before every case with how many are done, of how many, and its id.

    Returns:
        The folder, the ids of the cases, their digest, and how many values were proven.

    Raises:
        RecipeError: the recipe or the arrays are not what was wanted, an answer has no value or no
            bound, or there is no room for them.
        InputError: batch normalization is not defined on a call that was given.
        OutputError: the folder may not be written, or holds what is no golden file.
        UnprovenError: the independent proof does not accept a value; nothing is written.
    """
    if isinstance(what, str | os.PathLike):
        place = Path(what)
        if place.suffix.lower() == ".toml":
            return from_recipe(recipes.read(place), Path(folder), about=about, tell=tell)
        drafts = given.from_files([place], name, given.Said())
    elif isinstance(what, Inputs):
        drafts = given.from_inputs({"1": what}, name)
    elif isinstance(what, Mapping) and not _are_calls(what.values()):
        return from_recipe(_listed(what), Path(folder), about=about, tell=tell)
    else:
        calls = what if isinstance(what, Mapping) else given.numbered(what)
        _require_calls(calls)
        drafts = given.from_inputs(calls, name)
    return from_drafts(drafts, Path(folder), name=name, about=about, tell=tell)


def from_drafts(
    drafts: Sequence[Draft], folder: Path, *, name: str, about: str | None, tell: Told
) -> Generated:
    """Write the golden files of calls that are given, as `generate`."""
    told = making.ABOUT if about is None else about
    recipes.require_told(name, told)
    return making.make(drafts, folder, about=told, tell=tell)


def from_recipe(
    recipe: Mapping[str, Any], folder: Path, *, about: str | None = None, tell: Told
) -> Generated:
    """Write the golden files of a recipe that was read; as `generate`."""
    told = recipe if about is None else {**recipe, "about": about}
    drafts = recipes.drafts(told)
    return making.make(drafts, folder, about=told.get("about", making.ABOUT), tell=tell)


def _are_calls(values: Iterable[Any]) -> bool:
    return any(isinstance(value, Inputs) for value in values)


def _require_calls(calls: Mapping[str, Any]) -> None:
    for name, call in calls.items():
        if not isinstance(call, Inputs):
            raise RecipeError(
                f"call {name} is a {type(call).__name__}, conformance.Inputs was wanted. Give one."
            )


def _listed(found: Any) -> Any:
    """What a mapping of Python holds as TOML would hold it: tuples are lists."""
    if isinstance(found, Mapping):
        return {name: _listed(value) for name, value in found.items()}
    return [_listed(each) for each in found] if isinstance(found, list | tuple) else found
