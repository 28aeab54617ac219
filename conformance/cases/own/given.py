"""Calls whose arrays are given, in files or in memory, as cases that are still to be solved."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Array, Inputs, Problem
from conformance.cases.own.axes import axis_of
from conformance.cases.own.draft import Draft, sizes
from conformance.cases.own.forms import Read, read
from conformance.errors import RecipeError
from conformance.float_types import FLOAT_TYPES, dtype_of
from conformance.oracle.require import require
from conformance.printable import value as shown

CATCHES = "Whatever shows on these arrays."

_BFLOAT16 = dtype_of("bfloat16")
_PARAMETERS = ("gamma", "beta", "running_mean", "running_var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of arrays beside them; None leaves it to their file.

    Attributes:
        eps: Added to the variance.
        momentum: Weight of the new batch.
        axis: The channel axis, as recipes say it; 1 where nobody says it.
        mode: ``"train"``, where nobody says it, or ``"test"``.
        types: How two bytes without a type are read: ``"bfloat16"``, ``"bfloat16+float32"``, ...
        memory: How the arrays lie when a kernel is called.
    """

    eps: float | None = None
    momentum: float | None = None
    axis: Any = None
    mode: str | None = None
    types: str | None = None
    memory: str = "contiguous"


def from_files(files: Sequence[Path], group: str, said: Said) -> list[Draft]:
    """A case for each file or folder, called as it is; sorted by id.

    All are read, so that what cannot be used is refused before any work, and let go again.

    Raises:
        RecipeError: one cannot be read, or is no call; or two have one name.
    """
    names: dict[str, Path] = {}
    for file in files:
        name = _name(file)
        if name in names:
            raise RecipeError(
                f"{names[name]} and {file} both become the case {group}/{name}, one of a name was "
                "wanted. Rename one."
            )
        names[name] = file
    return [_of_file(f"{group}/{name}", names[name], said) for name in sorted(names)]


def from_inputs(calls: Mapping[str, Inputs], group: str) -> list[Draft]:
    """A case for each call, by its name; sorted by id.

    Raises:
        RecipeError: a name is none.
        InputError: batch normalization is not defined on a call.
    """
    found = []
    for name in sorted(calls):
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", name):
            raise RecipeError(
                f"a case is called {shown(name)}, lower-case letters, digits, dots and hyphens "
                "were wanted. Rename it."
            )
        call = calls[name]
        require(call)
        made = partial(_problem, f"{group}/{name}", call, "given by the caller")
        found.append(
            Draft(id=f"{group}/{name}", sizes=sizes(call, 1 + len(call.earlier)), make=made)
        )
    return found


def numbered(calls: Iterable[Inputs]) -> dict[str, Inputs]:
    """Calls by their number, in as many digits as the largest has."""
    listed = list(calls)
    return {f"{n:0{len(str(len(listed)))}}": call for n, call in enumerate(listed, start=1)}


def _name(file: Path) -> str:
    name = re.sub(r"[^a-z0-9.]+", "-", file.resolve().stem.lower()).strip("-.")
    if not name:
        raise RecipeError(f"{file} has a name of which no id can be made. Rename it.")
    return name


def _of_file(name: str, file: Path, said: Said) -> Draft:
    call = _call(file, said)
    return Draft(id=name, sizes=sizes(call, 1), make=partial(_again, name, file, said))


def _again(name: str, file: Path, said: Said) -> Problem:
    return _problem(name, _call(file, said), f"read from {file.name}")


def _problem(name: str, call: Inputs, made: str) -> Problem:
    group = name.split("/", maxsplit=1)[0]
    types = f"{call.x.dtype}, parameters {call.parameter_dtype}"
    told = f"x {call.x.shape} and all that is given, {types}, {made}."
    return Problem(id=name, group=group, catches=CATCHES, made=told, inputs=call)


def _call(file: Path, said: Said) -> Inputs:
    found = read(file)
    try:
        call = _inputs(found, said)
        require(call)
    except ValueError as error:  # an InputError is one
        raise RecipeError(f"{file}: {error}") from error
    except RecipeError as error:
        raise RecipeError(f"{file}: {error}") from error
    return call


def _inputs(found: Read, said: Said) -> Inputs:
    arrays = {name: _typed(name, array, said.types) for name, array in found.arrays.items()}
    given, x = found.said, found.arrays["x"]
    training = _is_training(said.mode, given)
    fields: dict[str, Any] = {**arrays, "eps": _number("eps", said.eps, given)}
    if "momentum" in given or said.momentum is not None or (training and "running_mean" in arrays):
        fields["momentum"] = _number("momentum", said.momentum, given)
    axis = axis_of(_axis(said.axis if said.axis is not None else given.get("axis", 1)), x.ndim)
    return Inputs(**fields, axis=axis, training=training, memory=said.memory)


def _axis(said: Any) -> Any:
    """An axis that a text says, as in the metadata of safetensors, and that options give."""
    if isinstance(said, str) and re.fullmatch(r"-?\d{1,2}(,-?\d{1,2})*", said):
        numbers = [int(each) for each in said.split(",")]
        return numbers if len(numbers) > 1 else numbers[0]
    return said


def _is_training(mode: str | None, given: Mapping[str, Any]) -> bool:
    found = mode or given.get("mode")
    if found is None:
        found = {0: "test", 1: "train", "0": "test", "1": "train"}.get(
            given.get("training", 1), "neither"
        )
    if found not in ("train", "test"):
        raise RecipeError(f"the mode is {shown(found)}, train or test was wanted")
    return bool(found == "train")


def _number(name: str, said: float | None, given: Mapping[str, Any]) -> float:
    found = said if said is not None else given.get(name)
    if found is None:
        raise RecipeError(
            f"nobody says {name}, one was wanted. Give --{name}, or write it into the file."
        )
    try:
        number = float(found)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RecipeError(f"{name} is {shown(found)}, a finite number was wanted")
    return number


def _typed(name: str, array: Array, types: str | None) -> Array:
    """An array in one of the four types, little-endian; two bytes of no type are bfloat16."""
    whole, _, parameters = (types or "").partition("+")
    wanted = (parameters or whole) if name in _PARAMETERS else whole
    unnamed = array.dtype.kind == "V" or (array.dtype.kind == "u" and wanted == _BFLOAT16.name)
    if unnamed and array.dtype.itemsize == _BFLOAT16.itemsize:
        array = np.ascontiguousarray(array).view(_BFLOAT16)
    dtype = array.dtype.newbyteorder("<")
    if dtype.name not in FLOAT_TYPES:
        raise RecipeError(
            f"{name} is {array.dtype}, one of {', '.join(FLOAT_TYPES)} was wanted. Convert it; "
            "bfloat16 in 16-bit integers is read so with --types bfloat16."
        )
    if wanted and dtype.name != wanted:
        raise RecipeError(
            f"{name} is {dtype.name}, and {types} was said. Nothing is converted: leave it out, or "
            "convert the array."
        )
    return np.ascontiguousarray(array, dtype)
