"""What a golden file says about one case: its datasets, its attributes, and their digest.

Writing and reading both go through here, so that a digest is always taken of the case that
the user holds, not of bytes that were meant to become one.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np

from conformance import block_form, layout, memory
from conformance.arrays import INPUT_NAMES, MASK
from conformance.case import Array, Case, Inputs, Outputs, Problem
from conformance.errors import GoldenFileError, InputError
from conformance.float_types import FLOAT_TYPES
from conformance.oracle.blocks.require import require_block
from conformance.type_names import name_of

SCHEMA = "conformance/golden/2"
"""Rises when a reader of today could misunderstand or refuse the files of tomorrow."""

GENERATOR = "1"
"""Rises when the same cases would be written as other bytes, under the same schema."""

ID = re.compile(r"[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*")
"""Ids become file and group names: no dots in front, no second slash, no capitals."""

OUTPUTS = tuple(field.name for field in fields(Outputs))

EARLIER = "history"
"""The dataset of the batches before x."""

INPUTS = (*INPUT_NAMES, EARLIER, MASK, *block_form.BLOCK_ARRAYS)

DUE = "expected/"
"""What stands before the name of an output in that of its dataset."""

CAP = 2**30
"""The most bytes that one dataset may have: 134 million expected values."""

RANKS = range(2, 6)

Attribute: TypeAlias = str | float | tuple[int, ...]

ATTRIBUTES: Mapping[str, type] = {
    "axis": tuple,
    "catches": str,
    "cites": str,
    "eps": float,
    "group": str,
    "layout": str,
    "limit": float,
    "made": str,
    "memory": str,
    "mode": str,
    "momentum": float,
}
"""Attributes of a case beside its digest, and the Python types of their values."""

BLOCK = "block"
"""The attribute that a case has where a block is deployed, and no other: its geometry, as JSON."""


def attributes(case: Case) -> dict[str, Attribute]:
    """The attributes of `case` by name, the names sorted."""
    problem, inputs = case.problem, case.inputs
    axis = inputs.axis if isinstance(inputs.axis, tuple) else (inputs.axis,)
    said: dict[str, Attribute] = {}
    if inputs.block is not None:
        said[BLOCK] = json.dumps(block_form.facts(inputs.block), sort_keys=True)
    return said | {
        "axis": tuple(int(a) for a in axis),
        "catches": problem.catches,
        "cites": "\n".join(problem.cites),
        "eps": float(inputs.eps),
        "group": problem.group,
        "layout": layout.name(inputs),
        "limit": float(problem.limit),
        "made": problem.made,
        "memory": inputs.memory,
        "mode": inputs.mode,
        "momentum": float(inputs.momentum),
    }


def arrays(case: Case) -> dict[str, Array]:
    """The datasets of `case` by path below its group; what is None is left out."""
    found = case.inputs.given()
    if case.inputs.earlier:
        # One stacked dataset: reading costs the same per dataset, however small.
        found[EARLIER] = np.stack(case.inputs.earlier)
    if case.inputs.mask is not None:
        found[MASK] = case.inputs.mask.astype(case.inputs.x.dtype)
    if case.inputs.block is not None:
        found |= case.inputs.block.arrays()
    return found | {f"{DUE}{name}": value for name, value in case.expected.items().items()}


def build(identifier: str, said: Mapping[str, Any], held: Mapping[str, Array]) -> Case:
    """The case of these attributes and datasets; undoes `attributes` and `arrays`."""
    axis = said["axis"]
    one = len(axis) == 1 and said["layout"] != "per-activation"
    told = said.get(BLOCK)
    around = {name: held[name] for name in block_form.BLOCK_ARRAYS if name in held}
    inputs = Inputs(
        **{name: held[name] for name in INPUT_NAMES if name in held},
        eps=said["eps"],
        momentum=said["momentum"],
        training=said["mode"] == "train",
        axis=axis[0] if one else axis,
        earlier=tuple(held.get(EARLIER, ())),
        memory=said["memory"],
        mask=held[MASK] != 0 if MASK in held else None,
        block=None if told is None else block_form.built(json.loads(told), around),
    )
    problem = Problem(
        id=identifier,
        group=said["group"],
        catches=said["catches"],
        made=said["made"],
        inputs=inputs,
        limit=said["limit"],
        cites=tuple(said["cites"].split("\n")) if said["cites"] else (),
    )
    expected = Outputs(**{name: held.get(f"{DUE}{name}") for name in OUTPUTS})
    return Case(problem=problem, expected=expected)


def digest(case: Case) -> str:
    """SHA-256 over id, attributes and datasets: names, types, shapes and bytes, in hex.

    Every item is a line ``name type shape size`` and then `size` bytes, so no two contents
    have one form.  Attributes come first, then datasets; each sorted by name.
    """
    found = hashlib.sha256(f"{SCHEMA} {case.id}\n".encode())
    for name, value in sorted(attributes(case).items()):
        kind, shape, data = encode(value)
        found.update(f"@{name} {kind} {list(shape)} {len(data)}\n".encode() + data)
    for name, array in sorted(arrays(case).items()):
        data = array.tobytes()
        head = f"{name} {name_of(array.dtype)} {list(array.shape)} {len(data)}\n"
        found.update(head.encode() + data)
    return found.hexdigest()


def encode(value: Attribute) -> tuple[str, tuple[int, ...], bytes]:
    """Type, shape and bytes of an attribute, as it is stored and digested."""
    if isinstance(value, str):
        return "utf-8", (), value.encode()
    if isinstance(value, float):
        return "float64", (), np.array(value, "<f8").tobytes()
    return "int64", (len(value),), np.array(value, "<i8").tobytes()


def require(case: Case) -> None:
    """Refuse a case that contradicts itself.

    Raises:
        GoldenFileError: an id, a text, a type or a shape is not what the format allows, or the
            values cannot lie in memory as the case says.
    """
    _check_words(case)
    _check_axis(case.inputs)
    if (case.inputs.running_mean is None) != (case.inputs.running_var is None):
        raise GoldenFileError("only one of running_mean and running_var is given, both or neither")
    if not case.expected.items():
        raise GoldenFileError("no output is due, at least one was wanted")
    try:
        if case.inputs.block is not None:
            require_block(case.inputs)
    except InputError as error:
        raise GoldenFileError(str(error).removesuffix(".")) from error
    for name, array in arrays(case).items():
        _check_array(name, array, case.inputs)
    try:
        memory.require(case.inputs)
    except InputError as error:
        raise GoldenFileError(str(error).removesuffix(".")) from error


def _check_words(case: Case) -> None:
    problem = case.problem
    if not ID.fullmatch(problem.id) or problem.id.split("/")[0] != problem.group:
        raise GoldenFileError(
            f"the id {problem.id!r} in group {problem.group!r} does not name it; "
            "group/name in lower-case letters, digits, dots and hyphens was wanted"
        )
    for text in (problem.catches, problem.made, *problem.cites):
        if not text.strip() or "\0" in text:
            raise GoldenFileError(f"the text {text!r} is no plain text")
    if any("\n" in cite for cite in problem.cites):
        raise GoldenFileError(f"cites {problem.cites!r} holds a line break, which parts them")


def _check_axis(inputs: Inputs) -> None:
    axes = inputs.axis if isinstance(inputs.axis, tuple) else (inputs.axis,)
    rank = inputs.x.ndim
    if rank not in RANKS:
        raise GoldenFileError(f"x has shape {inputs.x.shape}, 2 to 5 axes were wanted")
    good = all(-rank <= a < rank for a in axes) and len({a % rank for a in axes}) == len(axes)
    if not (axes and good):
        raise GoldenFileError(f"axis {inputs.axis} does not name axes of x, shape {inputs.x.shape}")


def _check_array(name: str, array: Array, inputs: Inputs) -> None:
    shape = inputs.shape_of(name.removeprefix(DUE))
    if name in block_form.BLOCK_ARRAYS:
        shape = array.shape  # held to its block already
    if name == EARLIER:
        shape = (len(inputs.earlier), *inputs.x.shape)
    if name == MASK:
        shape = () if inputs.mask is None else inputs.mask.shape
        if not np.isin(array.astype(np.float64), (0, 1)).all():
            raise GoldenFileError("mask has a number that is neither 0 nor 1")
    if array.shape != shape:
        raise GoldenFileError(f"{name} has shape {array.shape}, {shape} was wanted")
    kinds = {"float64"} if name.startswith(DUE) else FLOAT_TYPES.keys()
    if name in ("dy", EARLIER, MASK):
        kinds = {name_of(inputs.x.dtype)}
    if name_of(array.dtype) not in kinds:
        raise GoldenFileError(f"{name} is {array.dtype}, {' or '.join(sorted(kinds))} was wanted")
    if math.prod(array.shape) * array.dtype.itemsize > CAP:
        raise GoldenFileError(f"{name} has {array.nbytes} bytes, at most {CAP} were wanted")
