"""Cases as JSON: the schema holds, and figures are those of the look."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import fastjsonschema
import numpy as np
import pytest

from conformance.cases import golden
from conformance.checking.showing import document, row
from conformance.checking.showing.look import look
from conformance.tests.checking.showing.cases import FAR, HALF, hostile, solved, stored

DIGEST = golden.manifest().digest


def told(text: str) -> Any:
    """What a document says, held to its schema."""
    schema = (resources.files("conformance") / "schemas" / "show.json").read_text("utf-8")
    payload = json.loads(text)
    fastjsonschema.compile(json.loads(schema))(payload)
    return payload


def test_figures_are_those_of_the_look() -> None:
    """Channels, ranges, units, errors and grades are all there, unrounded."""
    seen = look(stored(FAR))
    (case,) = told(document.shown([seen], DIGEST))["cases"]
    details, number = case["details"], 3
    assert details["channels"][number]["mean"] == seen.channels.mean[number]
    assert seen.channels.condition is not None
    assert details["channels"][number]["condition"] == seen.channels.condition[number]
    due = {each.field: each for each in seen.due}
    assert details["outputs"]["y"]["most"] == due["y"].expected.max()
    assert details["outputs"]["y"]["least_unit"] == due["y"].unit.min()
    for way, tried in zip(details["ways"], seen.tried, strict=True):
        assert way["id"] == tried.way.id
        for field, result in tried.results.items():
            assert way["outputs"][field] == {"units": result.units, "grade": result.grade}


def test_what_is_no_number_is_a_word() -> None:
    """NaN and infinities are the words of the schema; an empty batch has no channels."""
    x = np.array([[np.nan, np.inf, 1], [2, 3, 1]], np.float32)
    empty = look(stored("empty/train-float32"))
    cases = told(document.shown([look(solved(x=x)), empty], DIGEST))["cases"]
    channels = cases[0]["details"]["channels"]
    assert [each["mean"] for each in channels] == ["nan", "inf", 1.0]
    assert cases[1]["details"]["channels"] == []
    assert cases[1]["details"]["outputs"]["y"]["most"] is None


def test_channels_are_bounded() -> None:
    """Of many channels those of the largest condition are told, each with its number."""
    x = np.stack([np.arange(300), np.arange(300) + 1]).astype(np.float32)
    (case,) = told(document.shown([look(solved(x=x))], DIGEST))["cases"]
    assert case["details"]["C"] == [300]
    assert [each["channel"] for each in case["details"]["channels"]] == [*range(44, 300)]


def test_hostile_text_is_kept_and_spelled_out() -> None:
    """A reader gets the text as it is; in the document no control character stands."""
    case = hostile()
    text = document.shown([look(case)], DIGEST)
    assert told(text)["cases"][0]["catches"] == case.problem.catches
    assert text.replace("\n", "").isascii()
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", [FAR, HALF])
def test_a_list_has_no_details(name: str) -> None:
    """A row of a list is that of the whole case, and its details are null."""
    (listed,) = told(document.listed(row.rows([name], None), DIGEST))["cases"]
    (shown,) = told(document.shown([look(stored(name))], DIGEST))["cases"]
    assert listed == {**shown, "details": None}
