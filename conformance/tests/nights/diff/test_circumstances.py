"""What differs around a column, from two entries of it: each fact, and what it is of."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.nights.diff.circumstances import circumstances, elsewhere, framework_packages
from conformance.nights.history.entry import ColumnRun


def column(versions: Mapping[str, str], **facts: str) -> ColumnRun:
    """The entry of one column in one run."""
    return ColumnRun(
        column="tensorflow/layer", adapter="tensorflow", path="layer", versions=dict(versions),
        environment=facts,
    )  # fmt: skip


TWO = {"tensorflow": "2.21", "keras": "3.15", "conformance": "1", "numpy": "2"}


@pytest.mark.parametrize(
    ("versions", "wanted"),
    [
        (TWO, {"tensorflow", "keras"}),
        ({"torch": "2.13", "numpy": "2", "six": "1"}, {"torch"}),
        ({"conformance": "1", "numpy": "2"}, set()),
        ({}, set()),
    ],
)
def test_the_framework_is_what_stands_before_the_suite(
    versions: Mapping[str, str], wanted: set[str]
) -> None:
    """And the first package alone where the suite's own is not told."""
    assert framework_packages(column(versions)) == wanted


@pytest.mark.parametrize("came", [True, False])
def test_a_package_that_only_one_run_counts_to_the_framework_is_of_it(*, came: bool) -> None:
    """Keras that came, or went, is a change of the framework and not of what is around it."""
    one = {name: version for name, version in TWO.items() if name != "keras"}
    old, new = (one, TWO) if came else (TWO, one)
    (told,) = circumstances(column(old), column(new))
    assert (told.about, told.name) == ("framework", "keras")
    assert (told.old, told.new) == (("", "3.15") if came else ("3.15", ""))


def test_a_version_that_is_told_is_not_told_once_more_as_a_package() -> None:
    """Of the list of all packages those are left out that have a version of their own."""
    old = column(TWO, packages="keras==3.15 numpy==2 six==1 tensorflow==2.21")
    new = column(
        {**TWO, "tensorflow": "2.22"}, packages="keras==3.15 numpy==2 six==2 tensorflow==2.22"
    )
    told = [(one.about, one.name, one.old, one.new) for one in circumstances(old, new)]
    assert told == [
        ("framework", "tensorflow", "2.21", "2.22"),
        ("environment", "packages", "six==1", "six==2"),
    ]


HERE = {"processor": "Xeon", "cpu_features": "avx", "settings": "OMP_NUM_THREADS=1"}


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        # it tells all facts, and of settings none: none was set
        ({"processor": "Xeon", "cpu_features": "avx"}, ["settings"]),
        (
            {"processor": "Xeon", "cpu_features": "avx", "settings": "OMP_NUM_THREADS=2"},
            ["settings"],
        ),
        ({"processor": "Xeon", "cpu_features": "avx", "settings": "OMP_NUM_THREADS=1"}, []),
        (
            {"processor": "EPYC", "cpu_features": "avx", "settings": "OMP_NUM_THREADS=1"},
            ["processor"],
        ),
        # a record of an earlier version tells of no settings: unknown is not different
        ({"processor": "Xeon"}, []),
        ({"processor": "EPYC"}, ["processor"]),
        # the switches are the path's own on every machine
        ({**HERE, "switches": "TF_ENABLE_ONEDNN_OPTS=1"}, []),
    ],
)
def test_a_run_was_elsewhere_where_a_fact_that_it_tells_is_another(
    facts: Mapping[str, str], wanted: list[str]
) -> None:
    """Each fact is named once, and what a run does not tell says nothing."""
    assert list(elsewhere(column(TWO, **facts), HERE)) == wanted
