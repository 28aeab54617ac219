"""Known failures at their edges: ranges of versions, patterns, and what becomes of each status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ExpectationError
from conformance.verdict.known import applying, ends, expectations
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.record import OutputResult, Status

FILE = Path("expectations.toml")


def entry(**more: Any) -> KnownFailure:
    """An entry for y of one case on one path."""
    return KnownFailure(paths=("fast",), cases=("a/b",), outputs=("y",), reason="why", **more)


@pytest.mark.parametrize(
    ("versions", "version", "active"),
    [
        (">=2,<3", "2", True),  # the lower end is in
        (">=2,<3", "2.0.0", True),
        (">=2,<3", "1.99", False),
        (">=2,<3", "3", False),  # the upper end is out
        (">=2,<3", "2.99.99", True),
        (">2,<=3", "2", False),
        (">2,<=3", "3.0", True),
        (">2,<=3", "3.0.1", False),
        ("==2.1.*", "2.1.7", True),
        ("==2.1.*", "2.2", False),
        (">=2", "2.1+cu128", True),  # what follows a plus is the build's
        ("<2.1", "2.1+cu128", False),
        (">=2", "2.1.0.dev20260101+cpu", True),  # nightly builds are versions too
        (">=2.1", "2.1.0.dev20260101", False),  # and come before the release
        ("", "0.1", True),
    ],
)
def test_a_range_holds_its_ends_as_it_says(versions: str, version: str, *, active: bool) -> None:
    """An entry speaks of the versions of its range and of no other."""
    assert ends.is_active(FILE, entry(versions=versions), version) is active


@pytest.mark.parametrize(
    ("gone", "version", "active"),
    [
        ("2.4", "2.3.99", True),
        ("2.4", "2.4rc1", True),
        ("2.4", "2.4", False),
        ("2.4", "2.4.0+cpu", False),
        ("2.4", "3", False),
    ],
)
def test_what_is_gone_is_gone_in_that_version(gone: str, version: str, *, active: bool) -> None:
    """The version in which it was seen to pass is the first that the entry is silent on."""
    assert ends.is_active(FILE, entry(gone=gone), version) is active
    assert not ends.is_active(FILE, entry(versions=">9", gone=gone), version)


@pytest.mark.parametrize(
    ("version", "active"),
    [("2.3", False), ("2.4rc1", False), ("2.4", True), ("2.21.9", True), ("2.22+cpu", False)],
)
def test_an_entry_speaks_from_its_first_release_to_the_one_that_mends_it(
    version: str, *, active: bool
) -> None:
    """The release of ``since`` is in, that of ``gone`` is out, whatever else the range holds."""
    assert ends.is_active(FILE, entry(since="2.4", gone="2.22"), version) is active
    assert not ends.is_active(FILE, entry(since="2.4", gone="2.22", versions=">9"), version)


def test_an_entry_may_speak_of_another_package() -> None:
    """Of that one's releases, its nightly builds among them; one that is not there is refused."""
    of = entry(since="0.12.1", package="Flax_NNX")
    assert ends.is_active(FILE, of, "0.1", {"jax": "0.1", "flax-nnx": "0.12.1"})
    assert not ends.is_active(FILE, of, "9", {"jax": "9", "flax.nnx": "0.11.2"})
    assert ends.is_active(FILE, of, "9", {"flax_nnx-nightly": "0.13.0.dev1"})
    with pytest.raises(ExpectationError, match=r"package = 'Flax_NNX' is none .* \['jax'\]"):
        ends.is_active(FILE, of, "9", {"jax": "9"})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "why"),
        ({"since": "2.4"}, "why (since 2.4)"),
        ({"gone": "2.22"}, "why (gone in 2.22)"),
        ({"since": "2.4", "gone": "2.22", "package": "flax"}, "why (flax since 2.4, gone in 2.22)"),
        ({"since": "2.4", "link": "https://a.b"}, "why (since 2.4; https://a.b)"),
        ({"versions": ">=2"}, "why"),  # where it is known from is no end
    ],
)
def test_the_reason_tells_the_ends_that_were_found(more: dict[str, str], words: str) -> None:
    """A reader of the matrix and of the site sees since when it fails, and until when."""
    failed = {"y": OutputResult(status=Status.FAIL, reason="off")}
    told = applying.apply([entry(**more)], "fast", "a/b", failed)["y"]
    assert told.reason == f"expected: {words} [fail: off]"


@pytest.mark.parametrize(("gone", "status"), [("", "fail"), ("2.22", "expected-fail")])
def test_what_is_gone_failed_in_its_own_way(gone: str, status: str) -> None:
    """How today's release fails is recorded, and says nothing of one in which more was wrong."""
    failed = {"y": OutputResult(status=Status.FAIL, reason="off", units=9e4)}
    known = {("fast", "a/b", "y"): "5e+03"}
    told = applying.apply([entry(), entry(gone=gone)], "fast", "a/b", failed, known)["y"]
    assert told.status.value == status


def test_a_version_that_is_none_is_refused() -> None:
    """Both of an entry and of the framework, in words that name it."""
    with pytest.raises(ExpectationError, match="versions = 'soon' is no version range"):
        ends.is_active(FILE, entry(versions="soon"), "2")
    with pytest.raises(ExpectationError, match="gone = 'soon' cannot be compared with version '2'"):
        ends.is_active(FILE, entry(gone="soon"), "2+cpu")
    with pytest.raises(ExpectationError, match="since = 'soon' cannot be compared"):
        ends.is_active(FILE, entry(since="soon"), "2")


@pytest.mark.parametrize(
    ("path", "case", "output", "matched"),
    [
        ("fast_nhwc", "offset/1e4-f32", "y", True),
        ("slow", "offset/1e4-f32", "y", True),  # either of its globs
        ("fast", "offset/1e4-f32", "y", False),  # * after _ only
        ("fast_nhwc", "offset/1e4", "y", False),
        ("fast_nhwc", "dense/x", "y", True),
        ("fast_nhwc", "dense/xy", "y", False),  # ? is one character
        ("fast_nhwc", "offset/1e4-f32", "dx", False),
        ("Fast_nhwc", "offset/1e4-f32", "y", False),  # case counts
    ],
)
def test_all_three_must_match(path: str, case: str, output: str, *, matched: bool) -> None:
    """Some glob of its paths, some glob of its cases, and one of its outputs, each as a whole."""
    one = KnownFailure(
        paths=("fast_*", "slow"), cases=("offset/*-f32", "dense/?"), outputs=("y",), reason="-"
    )
    assert one.matches(path, case, output) is matched


BECOMES = {
    Status.FAIL: Status.EXPECTED_FAIL,
    Status.ERROR: Status.EXPECTED_FAIL,
    Status.CRASH: Status.EXPECTED_FAIL,
    Status.TIMEOUT: Status.EXPECTED_FAIL,
    Status.PASS: Status.UNEXPECTED_PASS,
    Status.DEGRADED: Status.UNEXPECTED_PASS,
    Status.UNSUPPORTED: Status.UNSUPPORTED,
    Status.NOT_RUN: Status.NOT_RUN,
}


@pytest.mark.parametrize(("status", "becomes"), BECOMES.items())
def test_every_status_becomes_one(status: Status, becomes: Status) -> None:
    """An expected output that fails is excused, one that passes is red, the rest stays itself."""
    results = {"y": OutputResult(status=status), "dx": OutputResult(status=status)}
    found = applying.apply([entry()], "fast", "a/b", results)
    assert found["y"].status is becomes
    assert found["dx"] == results["dx"]  # another output is untouched
    assert applying.apply([entry()], "fast", "a/c", results) == results
    assert applying.apply([], "fast", "a/b", results) == results


@pytest.mark.parametrize(
    ("result", "links", "reason"),
    [
        (OutputResult(status=Status.FAIL), ("",), "expected: why [fail]"),
        (OutputResult(status=Status.FAIL, reason="off"), ("",), "expected: why [fail: off]"),
        (
            OutputResult(status=Status.CRASH, reason="SIGFPE"),
            ("https://x", ""),
            "expected: why (https://x); why [crash: SIGFPE]",
        ),
    ],
)
def test_a_failure_keeps_what_was_seen(
    result: OutputResult, links: tuple[str, ...], reason: str
) -> None:
    """The reason names why, with its link, and in brackets what the run showed."""
    entries = [entry(link=link) for link in links]
    assert applying.apply(entries, "fast", "a/b", {"y": result})["y"].reason == reason


def test_an_unexpected_pass_says_what_to_do() -> None:
    """It names the reason that no longer holds, and the way out."""
    passed = {"y": OutputResult(status=Status.PASS, grade="A")}
    found = applying.apply([entry()], "fast", "a/b", passed)["y"]
    assert str(found.reason).startswith("expected to fail and did not: why. ")
    assert found.grade == "A"


def parsed(text: str) -> KnownFailure:
    """The one entry of a file."""
    (one,) = expectations.parse(text, FILE).entries
    return one


HEAD = "[[expect]]\npaths = ['p']\ncases = ['c']\n"


def test_an_entry_without_outputs_speaks_of_all() -> None:
    """All nine outputs, in the order of every report; lists that are given stay what they are."""
    assert parsed(HEAD + "reason = 'r'").outputs == (
        "y", "dx", "dgamma", "dbeta", "mean", "var", "inv_std", "running_mean", "running_var",
    )  # fmt: skip
    one = parsed(HEAD + "reason = 'r'\noutputs = ['dx', 'y']\nversions = '>1'\ngone = '2'")
    assert one == KnownFailure(
        paths=("p",), cases=("c",), outputs=("dx", "y"), reason="r", versions=">1", gone="2"
    )


CAUSE = "[cause.c]\nreason = ' r '\nby_design = 'd'\nlink = 'https://c'\n"


def test_a_link_of_its_own_comes_before_that_of_its_cause() -> None:
    """An entry has its cause's link unless it tells one."""
    assert parsed(CAUSE + HEAD + "cause = 'c'").link == "https://c"
    assert parsed(CAUSE + HEAD + "cause = 'c'\nlink = 'https://e'").link == "https://e"
    assert parsed(CAUSE + HEAD + "cause = 'c'").reason == "r"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[expect]]\ncases = ['c']\nreason = 'r'", r"unknown keys \[\] and lacks \['paths'\]"),
        ("[[expect]]\npaths = []\ncases = ['c']\nreason = 'r'", r"lacks \['paths'\]"),
        ("[[expect]]\npaths = ['p']\nreason = 'r'", r"entry 1 .* lacks \['cases'\]"),
        (HEAD + "reason = 'r'\n" + HEAD, r"entry 2 .* lacks \['cause or reason'\]"),
        (HEAD + "reason = ''", r"lacks \['cause or reason'\]"),
        (
            "[[expect]]\npaths = ['p', 3]\ncases = ['c']\nreason = 'r'",
            r"'p', 3\], a list",
        ),
        (HEAD + "reason = 'r'\noutputs = ['y', 'z']", r"names outputs \['z'\]"),
        ("expect = [3]", "entry 1 is 3, a table"),
        (CAUSE + HEAD + "cause = 'd'", r"cause = 'd', one of \['c'\] was wanted"),
        ("[a]\n[b]", "has a, b, only"),
        ("[cause.c]\nreason = 'r'\nprints = '1'\nby_design = 'd'", "both were wanted or neither"),
    ],
)
def test_what_an_entry_lacks_or_misspells_is_named(text: str, words: str) -> None:
    """Which entry it is, what was found in it and what was wanted."""
    with pytest.raises(ExpectationError, match=words):
        expectations.parse(text, FILE)


def test_a_cause_may_both_show_itself_and_be_by_design() -> None:
    """Lines with what they print stand beside the place where it is documented, or alone."""
    shown = "[cause.c]\nreason = 'r'\nreproduction = 'print(1)'\nprints = '1'\n"
    for text in (shown, shown + "by_design = 'd'\n"):
        found = expectations.parse(text, FILE).causes["c"]
        assert (found.reproduction, found.prints, found.name) == ("print(1)", "1", "c")


def test_a_file_that_is_not_there_expects_nothing(tmp_path: Path) -> None:
    """An adapter without known failures has no file of them."""
    assert expectations.read(tmp_path / "none.toml").entries == ()
    assert expectations.load(tmp_path / "none.toml", "1") == ()
