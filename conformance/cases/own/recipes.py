"""Recipes: a document that says which problems to make, and the cases that it means.

Every list in a problem is a choice, and every choice meets every other one.  Two cases of one
seed that differ in nothing but types, mode, eps or the parameters have the same numbers in x:
those of the stream that the seed names, rounded to the type.
"""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from conformance import documents, memory
from conformance.case import Inputs, Problem
from conformance.cases.catalogue.recipe import CaseRow, Recipe, problem
from conformance.cases.golden.content import RANKS
from conformance.cases.own.axes import alternatives, axis_of
from conformance.cases.own.draft import Draft, Sizes, sizes, unfilled
from conformance.cases.own.words import drawn_from, gradient_of
from conformance.document_kinds import KINDS
from conformance.errors import ConformanceError, RecipeError
from conformance.float_types import TYPES, dtype_of
from conformance.printable import value as shown

NAME = "own"
"""What a golden file is called whose recipe has no name."""

MOST = 10_000
"""The most cases of a recipe: the manifest of more is refused by readers."""

_ENDLESS = 1 << 40
"""Values beyond which no machine is asked whether it has room."""

_CATCHES = "Whatever shows with these sizes, types and values."
_BESIDE_EPS = "uniform:5:12 put:0:0:0.001"
"""Running variances of test mode, where nothing is said: with the first a forgotten eps shows."""

_PARAMETERS = ("gamma", "beta", "running_mean", "running_var")
_MODES = {"train": (True,), "test": (False,), "both": (True, False)}
_CHOICES = (
    *("shape", "axis", "types", "mode", "eps", "momentum", "x", "dy"),
    *(*_PARAMETERS, "memory", "seed"),
)
"""What may be a list of choices, in the order in which an id tells them."""

_BARE = frozenset({"shape", "types", "mode", "x"})
"""Choices that an id tells without their name."""


def read(file: Path) -> Mapping[str, Any]:
    """What a recipe file says.

    Raises:
        RecipeError: it cannot be read, is no TOML, or does not keep its schema.
    """
    rules = KINDS["recipes"]
    try:
        found = documents.parse_toml(documents.read_text(file, rules.size))
    except ValueError as error:
        raise RecipeError(f"{file} is no usable recipe: {error}. {rules.again}") from error
    documents.require(found, "recipes", str(file))
    return found


def require_told(name: str, about: str) -> None:
    """Refuse a name or a purpose that no golden file can have.

    Raises:
        RecipeError: it is blank, too long, or of other characters.
    """
    told = {"name": name, "about": about, "problem": [{}]}
    documents.require(told, "recipes", "what is said of the file")


def drafts(recipe: Mapping[str, Any]) -> list[Draft]:
    """The cases that a recipe means, sorted by id; nothing is drawn yet.

    Args:
        recipe: As `read` gives it.

    Raises:
        RecipeError: it does not keep its schema, has a word or number that means nothing, makes
            one case twice, or too many.
    """
    documents.require(recipe, "recipes", "the recipe")
    group, usual = recipe.get("name", NAME), recipe.get("usual", {})
    found: dict[str, Draft] = {}
    for number, table in enumerate(recipe["problem"], start=1):
        with_usual = {**usual, **table}
        for draft in _named(f"problem {number}", group, with_usual):
            if draft.id in found or len(found) == MOST:
                raise _too_many(draft.id, number, twice=draft.id in found)
            found[draft.id] = draft
    return [found[name] for name in sorted(found)]


def _too_many(name: str, number: int, *, twice: bool) -> RecipeError:
    if twice:
        return RecipeError(
            f"problem {number} makes the case {name!r}, which is there already; ids that occur "
            "once were wanted. Give the problem an id of its own."
        )
    return RecipeError(
        f"problem {number} makes more than {MOST:,} cases in all, fewer were wanted. "
        "Shorten its lists, or make two recipes."
    )


def _named(where: str, group: str, table: Mapping[str, Any]) -> Iterator[Draft]:
    """The cases of a problem; what is wrong is told of that problem."""
    try:
        yield from _expanded(group, table)
    except ConformanceError as error:
        name = f"{where} ({table['id']})" if "id" in table else where
        raise RecipeError(f"{name}: {error}") from error


def _expanded(group: str, table: Mapping[str, Any]) -> Iterator[Draft]:
    choices = _choices(table)
    if math.prod(map(len, choices.values())) > MOST:
        raise RecipeError(
            f"its lists make {math.prod(map(len, choices.values())):,} cases, at most {MOST:,} "
            "were wanted. Shorten them."
        )
    always = () if "id" in table else ("shape", "types", "mode")
    told = [n for n in _CHOICES if n in always or len(choices.get(n, ())) > 1]
    for chosen in itertools.product(*choices.values()):
        one = dict(zip(choices, chosen, strict=True))
        parts = [_label(name, one[name]) for name in told]
        name = "-".join([*([table["id"]] if "id" in table else []), *parts])
        yield _draft(f"{group}/{name}", one, table)


def _choices(table: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is to be chosen from, by its name; what a problem does not say is as usual."""
    if "shape" not in table:
        raise RecipeError("there is no shape, one was wanted. Write: shape = [6, 8]")
    found: dict[str, list[Any]] = {"types": ["float32"], "mode": ["train"], "seed": [0]}
    for name in _CHOICES:
        if name in table:
            said = table[name]
            found[name] = said if isinstance(said, list) else [said]
    found["shape"] = _shapes(table["shape"])
    if "axis" in table:
        found["axis"] = alternatives(table["axis"])
    found["mode"] = [training for mode in found["mode"] for training in _modes(mode)]
    if "count" in table:
        found["seed"] = _counted(found["seed"], table["count"])
    for name, each in found.items():
        if len({repr(one) for one in each}) < len(each):
            raise RecipeError(f"{name} has a choice twice, each once was wanted. Leave one out.")
    return {name: found[name] for name in _CHOICES if name in found}


def _shapes(said: list[Any]) -> list[tuple[int, ...]]:
    listed = said if isinstance(said[0], list) else [said]
    for shape in listed:
        whole = isinstance(shape, list) and all(type(n) is int for n in shape)
        good = whole and len(shape) in RANKS and min(shape) > 0 and math.prod(shape) <= _ENDLESS
        if not good:
            raise RecipeError(
                f"shape {shape} was found, {RANKS.start} to {RANKS.stop - 1} sizes of 1 or more "
                f"were wanted, and not more than {_ENDLESS:,} values: a batch or an image without "
                "a value has no mean. Write: [6, 8]"
            )
    return [tuple(shape) for shape in listed]


def _modes(word: str) -> tuple[bool, ...]:
    if word not in _MODES:
        raise RecipeError(f"mode {shown(word)} was found, train, test or both was wanted")
    return _MODES[word]


def _counted(seeds: list[int], count: int) -> list[int]:
    if len(seeds) > 1:
        raise RecipeError(
            f"there are {len(seeds)} seeds and count = {count}, one seed or no count was wanted"
        )
    return [seeds[0] + number for number in range(count)]


def _draft(name: str, chosen: Mapping[str, Any], table: Mapping[str, Any]) -> Draft:
    recipe = _recipe(chosen, table.get("earlier", 0))
    group, _, rest = name.partition("/")
    row = CaseRow(rest, table.get("catches", _CATCHES), recipe)
    seed = f"seed-{chosen['seed']}"
    return Draft(id=name, sizes=_sizes(recipe), make=partial(_made, group, row, seed))


def _made(group: str, row: CaseRow, seed: str) -> Problem:
    try:
        with np.errstate(all="ignore"):  # what comes of NaN and infinity is looked at later
            return problem(group, row, seed=seed)
    except IndexError as error:  # of a number that is put beyond the last one
        raise RecipeError(f"{group}/{row.name}: {error}. Put it at a place that x has.") from error
    except ArithmeticError as error:  # of sums beyond float64
        raise RecipeError(f"{group}/{row.name}: {error}. Scale the values down.") from error
    except ConformanceError as error:
        raise RecipeError(f"{group}/{row.name}: {error}") from error


def _recipe(chosen: Mapping[str, Any], earlier: int) -> Recipe:
    if chosen["types"] not in TYPES:
        raise RecipeError(
            f"types {shown(chosen['types'])} was found, one of {', '.join(TYPES)} was wanted"
        )
    said: dict[str, Any] = {name: chosen[name] for name in ("shape", "types")}
    said["training"] = chosen["mode"]
    said["axis"] = axis_of(chosen.get("axis", 1), len(chosen["shape"]))
    for name in ("x", *_PARAMETERS):
        if name in chosen:
            said[name] = drawn_from(chosen[name])
    if "dy" in chosen:
        said["dy"] = gradient_of(chosen["dy"])
    for name in ("eps", "momentum"):
        if name in chosen:
            said[name] = _number(name, chosen[name])
    if "memory" in chosen:
        memory.of_arrays(chosen["memory"])  # refuses words that mean nothing
        said["memory"] = chosen["memory"]
    if not said["training"] and "running_var" not in said:
        said["running_var"] = drawn_from(_BESIDE_EPS)
    recipe = Recipe(**said, earlier=earlier)
    _require_whole(recipe)
    return recipe


def _number(name: str, number: float) -> float:
    if abs(number) > sys.float_info.max or math.isnan(number) or (name == "eps" and number < 0):
        least = " of 0 or more" if name == "eps" else ""
        raise RecipeError(f"{name} = {shown(number)} was found, a finite number{least} was wanted")
    return float(number)


def _require_whole(recipe: Recipe) -> None:
    """Refuse a call that no layer can be given."""
    if recipe.x is None:
        raise RecipeError("x is 'none', and there is no batch normalization without it. Draw it.")
    mean, var = recipe.running_mean, recipe.running_var
    if (mean is None) != (var is None):
        absent = "running_mean" if mean is None else "running_var"
        raise RecipeError(f"{absent} alone is 'none', both running statistics or neither wanted")
    if mean is None and not (recipe.training and not recipe.earlier):
        raise RecipeError(
            "there are no running statistics, by which test mode normalizes and which earlier "
            "batches update. Draw running_mean and running_var."
        )


def _sizes(recipe: Recipe) -> Sizes:
    x_type, _, parameter_type = recipe.types.partition("+")
    x = unfilled(recipe.shape, dtype_of(x_type))
    bare = Inputs(x=x, axis=recipe.axis)
    parameter = unfilled(bare.channel_shape, dtype_of(parameter_type or x_type))
    given: dict[str, Any] = {
        name: parameter for name in _PARAMETERS if getattr(recipe, name) is not None
    }
    call = Inputs(x=x, dy=None if recipe.dy is None else x, axis=recipe.axis, **given)
    return sizes(call, 1 + recipe.earlier)


def _label(name: str, chosen: Any) -> str:
    """A choice as a part of an id."""
    if name == "mode":
        return "train" if chosen else "test"
    if name == "shape":
        return "x".join(map(str, chosen))
    text = "-".join(map(str, chosen)) if isinstance(chosen, list) else str(chosen)
    text = re.sub(r"(^|[:= -])-", r"\1m", text.lower())  # a minus would be taken for a hyphen
    text = re.sub(r"[^a-z0-9.]+", "-", text).strip("-.")
    return text if name in _BARE or (name == "axis" and text.isalpha()) else f"{name}-{text}"
