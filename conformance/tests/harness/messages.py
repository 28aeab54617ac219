"""Messages that are nearly right: what a worker may answer, changed as its schema knows it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib.resources import files
from math import prod
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import ml_dtypes
import numpy as np
from hypothesis import strategies as st

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Array
from conformance.tests.data.puppet import NUMBER

_FRAME = struct.Struct(">8sIQ")
_SCHEMA = json.loads((files("conformance") / "schemas" / "worker-message.json").read_text())
_VALIDATOR = jsonschema.Draft202012Validator(_SCHEMA)

_WORDS = (
    *("pass", "ok", "unsupported", "error", "exit", "refused", "not-run", "expected-fail", "crash"),
    *("describe", "run", "reproduce", "mean", "y", "again/y", "verdict", "0" * 32, NUMBER, ""),
    *(
        "float64",
        "float32",
        "bfloat16",
        "object",
        "O",
        "V8",
        ">f8",
        "<U1",
        "datetime64[s]",
        "f8,f8",
    ),
)
_NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, 0.0, -0.0, 0.5, 1e308, 1e-320)
_SPECIAL = (float("nan"), float("inf"), -float("inf"))

NASTY: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.sampled_from([*_WORDS, *_NUMBERS, *_SPECIAL, None, True, False]),
        st.text(max_size=8),
        st.text(st.characters(categories=("Cs", "Cc")), min_size=1, max_size=4),
        st.just("x" * 20_000),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(_WORDS), inner, max_size=3)
    ),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that a worker sends; the number of the question stands in them as `NUMBER`."""

    data: bytes

    @property
    def is_short(self) -> bool:
        """Whether the reader would wait for more."""
        if len(self.data) < _FRAME.size:
            return True
        _, length, size = _FRAME.unpack(self.data[: _FRAME.size])
        return len(self.data) < _FRAME.size + int(length) + int(size)


def message(header: object, body: bytes, *, more: str = "") -> bytes:
    """A message in its frame; `more` is put into the header's text, before all else."""
    text = json.dumps(header)
    if more and text.startswith("{"):
        text = "{" + more + "," + text[1:]
    data = text.encode(errors="surrogatepass")
    return _FRAME.pack(b"batchnrm", len(data), len(body)) + data + body


@st.composite
def changed(draw: st.DrawFn, header: dict[str, Any], body: bytes) -> Sent:
    """A message that a worker may send, with changes that may leave it one."""
    told: Any = json.loads(json.dumps(header))
    if draw(st.booleans()):
        told |= deepcopy(draw(st.sampled_from(_MILD)))
    if told["status"] != "ok":
        told, body = {k: v for k, v in told.items() if k not in _OF_OUTPUTS} | {"arrays": []}, b""
    for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2)))):
        told = draw(st.sampled_from((_replaced, _removed, _added)))(draw, told)
    twice = f'"{draw(st.sampled_from(sorted(header)))}": {json.dumps(draw(NASTY))}'
    data = message(told, body, more=draw(st.sampled_from((*[""] * 7, twice))))
    edit: Callable[[st.DrawFn, bytes], bytes] = draw(
        st.sampled_from((*[_as_it_is] * 5, _flipped, _flipped, _cut, _longer, _reframed))
    )
    return Sent(edit(draw, data))


_OF_OUTPUTS = ("seconds", "lacking")
_MILD: tuple[dict[str, Any], ...] = (
    {"seconds": 1e-9},
    {"seconds": 0},
    {"number": "0" * 32},
    {"answers": "reproduce", "program": "print()"},
    {"lacking": {"y": "no kernel for it"}},
    {"arrays": [["mean", "float64", [2, 2]]]},
    {"arrays": [["mean", "int64", [4]]]},
    {"arrays": [["mean", "float32", [8]]]},
    {"arrays": [["mean", "float64", [3]], ["var", "float64", [1]]]},
    {"arrays": [["dgamma", "float64", [4]]]},
    {"status": "unsupported", "reason": "no float64"},
    {"status": "error", "reason": "it broke", "trace": "line 1\nline 2"},
    {"status": "exit", "reason": "it called sys.exit(0)"},
)


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[arg-type]
    found = []
    for key, each in inner:
        found.append((*path, key))
        if isinstance(each, (dict, list)):
            found += _places(each, (*path, key))
    return found


def _holder(told: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        told = told[key]
    return told


def _replaced(draw: st.DrawFn, told: Any) -> Any:
    if not isinstance(told, dict) or not told:
        return deepcopy(draw(NASTY))
    path = draw(st.sampled_from(_places(told)))
    _holder(told, path)[path[-1]] = deepcopy(draw(NASTY))
    return told


def _removed(draw: st.DrawFn, told: Any) -> Any:
    if not isinstance(told, dict) or not told:
        return told
    path = draw(st.sampled_from(_places(told)))
    del _holder(told, path)[path[-1]]
    return told


def _added(draw: st.DrawFn, told: Any) -> Any:
    if isinstance(told, dict):
        told[draw(st.sampled_from((*_WORDS, "grade", "reason", "trace", "program")))] = deepcopy(
            draw(NASTY)
        )
    return told


def _as_it_is(_: st.DrawFn, data: bytes) -> bytes:
    return data


def _flipped(draw: st.DrawFn, data: bytes) -> bytes:
    place, sign = draw(st.integers(0, len(data) - 1)), draw(st.integers(1, 255))
    return data[:place] + bytes([data[place] ^ sign]) + data[place + 1 :]


def _cut(draw: st.DrawFn, data: bytes) -> bytes:
    return data[: draw(st.integers(1, len(data) - 1))]


def _longer(draw: st.DrawFn, data: bytes) -> bytes:
    return data + draw(st.binary(min_size=1, max_size=32))


def _reframed(draw: st.DrawFn, data: bytes) -> bytes:
    length, size = (draw(st.sampled_from((0, 1, 100, 2**31, 2**32 - 1))) for _ in range(2))
    return _FRAME.pack(b"batchnrm", length, size) + data[_FRAME.size :]


def truth(sent: Sent) -> tuple[str, dict[str, Array]] | None:
    """What a message says, read by other code than ours; None if it breaks a rule."""
    if sent.is_short:
        return None
    mark, length, size = _FRAME.unpack(sent.data[: _FRAME.size])
    text = sent.data[_FRAME.size : _FRAME.size + length]
    body = sent.data[_FRAME.size + length :][:size]
    try:
        told = json.loads(text.decode(), object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError):
        return None
    if mark != b"batchnrm" or not _VALIDATOR.is_valid(told) or not _is_plain(told):
        return None
    if (told["number"], told["answers"]) != (NUMBER, "run"):
        return None
    arrays = _arrays(told["arrays"], body)
    return None if arrays is None else (told["status"], arrays)


def _arrays(announced: list[list[Any]], body: bytes) -> dict[str, Array] | None:
    found: dict[str, Array] = {}
    for name, type_name, shape in announced:
        dtype = _dtype(type_name)
        is_shape = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
        if not isinstance(name, str) or name not in OUTPUT_NAMES or name in found:
            return None
        if dtype is None or not is_shape or prod(shape) > _MOST or max(shape, default=0) > _MOST:
            return None
        count = prod(shape) * dtype.itemsize
        if count > len(body):
            return None
        found[name] = np.frombuffer(body[:count], dtype).reshape(shape)
        body = body[count:]
    return None if body else found


_MOST = 16 * (24 + 64)
"""How many values an output of the case of these tests may have."""


def _dtype(name: Any) -> np.dtype[Any] | None:
    try:
        dtype: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)
    except (TypeError, ValueError):
        return None
    is_number = name == "bfloat16" or dtype.kind in "fiubc"
    return dtype if is_number and str(dtype) == name else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _never(name: str) -> None:
    raise ValueError(name)


def _is_plain(value: object) -> bool:
    """Whether every text can be shown and every number be held."""
    if isinstance(value, dict):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, str):
        controls = {*range(32), *range(127, 160), *range(0xD800, 0xE000)} - {9, 10}
        return not controls & set(map(ord, value))
    return not isinstance(value, float) or abs(value) < float("inf")
