"""Tests of `verdict.known.ranges`: one range instead of two."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from conformance.verdict.known.ranges import widened


@pytest.mark.parametrize(
    ("versions", "version", "wanted"),
    [
        ("==2.21.0", "2.22.0", ">=2.21.0"),
        ("==2.21.*", "2.22.0", ">=2.21"),
        (">=2.13,<2.14", "2.15.1+cpu", ">=2.13"),
        (">2.13,!=2.14.1", "2.14.1", ">2.13"),
        ("~=2.13.1", "2.14.0", ">=2.13.1"),
        ("==2.21.0", "2.20.0", ">=2.20.0,<=2.21.0"),
        (">=2.13,<3", "2.12", ">=2.12,<3"),
        ("~=2.13.1", "2.12", ">=2.12,<2.14"),
        ("==2.21.*", "2.20", ">=2.20,<2.22"),
        ("<2.13", "2.14", "<=2.14"),
    ],
)
def test_a_range_widens(versions: str, version: str, wanted: str) -> None:
    """The range holds what it held and the new version, and is open where that is newer."""
    found = SpecifierSet(widened(versions, version))
    assert found == SpecifierSet(wanted)
    assert found.contains(version.partition("+")[0], prereleases=True)
