"""Whether a value keeps a schema of ``schemas/``: all of it, or all but one definition, or one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from conformance.printable import cut, value


def require(found: object, schema: str, *, apart: str | None = None) -> None:
    """Refuse a value that does not keep a schema.

    Args:
        found: A JSON value.
        schema: The name of the schema's file.
        apart: A definition in it whose values may be anything; None where all are looked at.

    Raises:
        ValueError: it does not; the message says where, what was found there, and what must be.
    """
    check, wanted = _compiled(schema, apart)
    if wanted is not None:  # said first: all else follows from it
        said = found.get("schema") if isinstance(found, dict) else found
        if said != wanted:
            raise ValueError(f"it has schema {value(said)}, {wanted!r} was wanted")
    check(found, "")


def require_part(found: object, schema: str, part: str, place: str = "") -> None:
    """Refuse a value that does not keep one definition of a schema; `place` is where it stands.

    Raises:
        ValueError: as `require`.
    """
    _compiled_part(schema, part)(found, place)


def prepare(schema: str) -> None:
    """Do now what the first value of a schema would have to wait for."""
    _compiled(schema, None)


@cache
def _compiled(name: str, apart: str | None) -> tuple[Callable[[object, str], None], str | None]:
    """What refuses a value that does not keep a schema, and the schema's own name."""
    schema = _schema(name)
    named = schema.get("properties", {}).get("schema", {}).get("const")
    return _check(schema if apart is None else _without(schema, _reference(apart))), named


@cache
def _compiled_part(name: str, part: str) -> Callable[[object, str], None]:
    return _check({**_reference(part), "$defs": _schema(name)["$defs"]})


def _schema(name: str) -> dict[str, Any]:
    file = Path(__file__).parent / "schemas" / f"{name}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def _reference(part: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{part}"}


def _without(rule: Any, reference: dict[str, Any]) -> Any:
    """A schema that says nothing where it has a reference."""
    if rule == reference:
        return True
    if isinstance(rule, dict):
        return {word: _without(inner, reference) for word, inner in rule.items()}
    return [_without(each, reference) for each in rule] if isinstance(rule, list) else rule


def _check(schema: dict[str, Any]) -> Callable[[object, str], None]:
    import fastjsonschema  # noqa: PLC0415 - takes 30 ms, and most commands read no document

    def compiled(rules: Any, *, tells: bool) -> Callable[[object], object]:
        # Draft 7, which is what the library knows: the tests hold our schemas mean the same in it.
        found: Callable[[object], object] = fastjsonschema.compile(
            rules, use_default=False, detailed_exceptions=tells
        )
        return found

    keeps = compiled(_without_const(schema), tells=False)
    # What tells what it refuses takes twice as long to make: it is made once something is refused.
    told = cache(partial(compiled, schema, tells=True))

    def check(found: object, place: str) -> None:
        try:
            keeps(found)
        except fastjsonschema.JsonSchemaValueException:
            try:
                told()(found)
            except fastjsonschema.JsonSchemaValueException as error:
                raise ValueError(_told(error, place)) from error
            raise  # it was refused, whatever the other thinks of it

    return check


def _without_const(rule: Any) -> Any:
    """The same schema, for the library, whose terse errors know no ``const``."""
    if isinstance(rule, dict):
        inner = {word: _without_const(value) for word, value in rule.items()}
        if isinstance(rule.get("const"), (str, int, float)):
            inner["enum"] = [inner.pop("const")]
        return inner
    return [_without_const(each) for each in rule] if isinstance(rule, list) else rule


def _told(error: Any, place: str) -> str:
    """What a schema refuses: where, what was found there, and what must be."""
    name = str(error.name or "data")
    must = str(error.message).removeprefix(name).strip()
    where = f"{place}{name.removeprefix('data')}".removeprefix(".") or "it"
    return f"{cut(where, 200)} is {value(error.value)} and {cut(must, 200)}"
