"""Tests of `conformance.float_types`: the table agrees with numpy, the files and the proof."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from conformance.cases.golden import floats
from conformance.float_types import FLOAT_TYPES, TYPES, finfo
from conformance.oracle import proof


@pytest.mark.parametrize("name", list(FLOAT_TYPES))
def test_a_row_says_what_numpy_says(name: str) -> None:
    """Roundoff and smallest normal number are those of numpy's own table."""
    row, info = FLOAT_TYPES[name], finfo(FLOAT_TYPES[name].dtype)
    assert row.name == name
    assert row.roundoff == float(info.eps) / 2
    assert row.smallest_normal == float(info.smallest_normal)
    assert 2.0 ** (row.largest_exponent) * (2 - 2 * row.roundoff) == float(info.max)


def test_every_type_can_be_stored_and_proven() -> None:
    """Golden files hold every type, and the proof's own list says the same of each."""
    assert floats.STORED.keys() == FLOAT_TYPES.keys()
    assert {name: row.bits for name, row in FLOAT_TYPES.items()} == proof._SIGNIFICANT_BITS


@pytest.mark.parametrize("schema", ["check", "run-record"])
def test_published_schemas_name_every_type(schema: str) -> None:
    """What the published schemas take as types is what cases have, and nothing else."""
    text = (resources.files("conformance") / "schemas" / f"{schema}.json").read_text()
    (pattern,) = set(re.findall(r'"pattern": ("\^\(float.*")', text))
    matches = re.compile(json.loads(pattern)).fullmatch
    assert all(matches(types) for types in TYPES)
    assert not matches("float8")
