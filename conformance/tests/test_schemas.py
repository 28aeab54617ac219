"""Tests of the published schemas: what they mean is the same in the library that reads by them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

import conformance
from conformance.tests.hostile_records import good, mutated, payload

SCHEMAS = sorted((Path(conformance.__file__).parent / "schemas").glob("*.json"))
UNDERSTOOD = frozenset(
    {
        "$defs", "$ref", "$schema", "additionalProperties", "allOf", "anyOf", "const",
        "description", "else", "enum", "exclusiveMinimum", "format", "if", "items", "maxItems",
        "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties",
        "minimum", "not", "oneOf", "pattern", "properties", "propertyNames", "required", "then",
        "title", "type", "uniqueItems",
    }
)  # fmt: skip
"""Keywords that mean the same in draft 2020-12, as published, and in draft 7, as it is read."""


_BESIDE = ("$defs", "$schema", "description", "title")
"""What may stand beside a reference: draft 7 ignores it, and it says nothing."""


def rules(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    if not isinstance(schema, dict):
        return
    yield schema
    for word in ("properties", "$defs"):
        for each in schema.get(word, {}).values():
            yield from rules(each)
    for word in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not"):
        yield from rules(schema.get(word))
    for word in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(word, ()):
            yield from rules(each)


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.stem)
def test_a_schema_means_the_same_to_both_libraries(file: Path) -> None:
    """Only keywords that both drafts have alike, and nothing beside a reference but words."""
    schema = json.loads(file.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    fastjsonschema.compile(schema)
    for rule in rules(schema):
        assert rule.keys() <= UNDERSTOOD
        assert "$ref" not in rule or rule.keys() <= {"$ref", *_BESIDE}
        assert "\\d" not in rule.get("pattern", "")  # in Python any script's digits


def _ends_with_line_end(told: object) -> bool:
    inner = [*told, *told.values()] if isinstance(told, dict) else told
    if isinstance(inner, list):
        return any(map(_ends_with_line_end, inner))
    return isinstance(told, str) and told.endswith("\n")


def test_both_libraries_agree_on_mutated_records() -> None:
    """What one refuses the other refuses, on 300 records that are nearly right."""
    (file,) = (file for file in SCHEMAS if file.stem == "run-record")
    schema = json.loads(file.read_text(encoding="utf-8"))
    keeps = fastjsonschema.compile(schema, use_formats=False)
    slow = Draft202012Validator(schema)
    told: list[bool] = []

    @settings(
        max_examples=300, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(mutated(schema, payload(good())))
    def agree(record: dict[str, Any]) -> None:
        try:
            keeps(record)
        except fastjsonschema.JsonSchemaValueException:
            told.append(False)
        else:
            told.append(True)
        # To Python a text that ends with a line end ends before it; to JSON schemas it does not.
        if slow.is_valid(record) and not _ends_with_line_end(record):
            assert told[-1]
        assert slow.is_valid(record) or not told[-1]

    agree()
    assert min(told.count(True), told.count(False)) >= 10
