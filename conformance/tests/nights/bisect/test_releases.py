"""Tests of `nights.bisect.releases`, with a folder of wheels that pip itself lists."""

from __future__ import annotations

import pytest

from conformance.errors import AdapterError, InputError
from conformance.nights.bisect.releases import releases
from conformance.tests.nights.diff.test_laboratory import wheel

ALL = ("1.0", "1.2", "1.10", "2.0rc1", "2.0")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What pip is given to find the wheels, and nothing else."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ALL:
        wheel(folder, version, wrong=False)
    return ["--no-index", f"--find-links={folder}"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("..", ("1.0", "1.2", "1.10", "2.0")),
        ("1.2..", ("1.2", "1.10", "2.0")),
        ("..1.10", ("1.0", "1.2", "1.10")),
        ("1.1..1.11", ("1.2", "1.10")),
        ("1.10..2.0rc1", ("1.10", "2.0rc1")),
    ],
)
def test_releases_of_a_range_are_in_their_order(
    sources: list[str], text: str, wanted: tuple[str, ...]
) -> None:
    """Both ends included, by version and not by letters, pre-releases where one is named."""
    assert releases("tiny", text, sources=sources) == wanted


@pytest.mark.parametrize(
    "text", ["", "1.0", "2.0..1.0", "1.0..1.0", "a..b", "1.0...2.0", "\u0661.0..2"]
)
def test_what_is_no_range_is_refused(sources: list[str], text: str) -> None:
    """Before pip is asked; the message shows it."""
    with pytest.raises(InputError, match="two dots between them"):
        releases("tiny", text, sources=sources)


def test_too_few_releases_are_refused(sources: list[str]) -> None:
    """Nothing can be halved; what there is is told."""
    with pytest.raises(InputError, match=r"1 releases in 1\.2\.\.1\.9.* 1\.0 to 2\.0"):
        releases("tiny", "1.2..1.9", sources=sources)


@pytest.mark.parametrize(
    "name", ["no-such-distribution-as-this", "--no-index", "a b", "\u017f", ""]
)
def test_an_unknown_distribution_is_told(sources: list[str], name: str) -> None:
    """Whatever is no name never reaches pip, and pip's own words come along for one that is."""
    with pytest.raises(AdapterError, match="distribution"):
        releases(name, "..", sources=sources)
