"""Tests of the plug-in in projects that have the package installed and tests of their own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
import pytest

NAMES = ("adapter", "tier", "records", "case", "out", "kernel", "dtype", "dialect", "timeout")

def pytest_addoption(parser):
    for name in NAMES:
        parser.addoption(f"--{name}", default=f"own {name}")
    parser.addini("tier", "of their own")
    parser.addini("records", "of their own")

def pytest_configure(config):
    config.addinivalue_line("markers", "case(name): of their own")
    config.addinivalue_line("markers", "tier(name): of their own")

@pytest.fixture
def adapter(request):
    return request.config.getoption("adapter")

@pytest.fixture
def case(request):
    return request.config.getoption("--case")

@pytest.fixture
def records(tmp_path):
    return tmp_path

@pytest.fixture
def result():
    return "own result"

@pytest.fixture(params=["one", "two"])
def conformance_result(request):
    return request.param

@pytest.fixture
def conformance_case():
    return "own case"
"""

TEST = """
import pytest

@pytest.mark.case("theirs")
@pytest.mark.tier("theirs")
def test_options(request, adapter, case, records, result, record_property):
    record_property("conformance", {"of": "their own"})
    assert adapter == "mine"
    assert case == "own case"
    assert result == "own result"
    assert request.config.getoption("tier") == "gold"
    assert request.config.getini("tier") == "silver"

def test_fixtures(conformance_result, conformance_case):
    assert conformance_result in ("one", "two")
    assert conformance_case == "own case"

@pytest.mark.parametrize("conformance_result", ["three"])
def test_parameters(conformance_result):
    assert conformance_result == "three"
"""

LOADED = """
import sys

def test_nothing_heavy_was_loaded():
    assert "conformance.suite.plugin" in sys.modules
    assert not {"numpy", "h5py", "rich", "conformance.case"} & set(sys.modules)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_project_keeps_its_own_names(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """Options, settings, marks and fixtures of another project work as if nothing was installed."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_own=TEST)
    pytester.makeini("[pytest]\ntier = silver\nrecords = here\n")
    # Of the plug-ins that are installed here pytest-timeout has an option of the project's name.
    strict = ("-p", "no:cacheprovider", "-p", "no:timeout", "--strict-markers", "-W", "error")
    words = ("--adapter", "mine", "--tier", "gold", "--records", "x", "--out", "y")
    done = pytester.runpytest_subprocess(*strict, *words, *workers)
    done.assert_outcomes(passed=4)
    assert not list(pytester.path.rglob("*.json"))


def test_a_project_does_not_wait_for_the_package(pytester: pytest.Pytester) -> None:
    """Where no adapter and no kernel is tested, pytest loads neither numpy nor h5py."""
    pytester.makepyfile(test_own=LOADED)
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    done.assert_outcomes(passed=1)


def test_every_name_that_the_plugin_adds_is_its_own(pytester: pytest.Pytester) -> None:
    """No option is without the prefix; the old short ones are unknown to pytest."""
    said = pytester.runpytest_subprocess("--help").stdout.str()
    start = said.index("conformance of batch normalization:")
    group = said[start:].split("\n\n", maxsplit=1)[0]
    options = [word for word in group.split() if word.startswith("--")]
    assert options
    assert all(option.startswith("--conformance-") for option in options)
    pytester.makepyfile("def test_it(): pass")
    for old in ("--adapter", "--tier", "--records"):
        done = pytester.runpytest_subprocess(old, "smoke")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        assert old in done.stderr.str()


def test_a_test_without_a_mark_names_no_kernel(pytester: pytest.Pytester) -> None:
    """The fixture alone is an error that says what to write."""
    pytester.makepyfile("def test_it(conformance_case): conformance_case.check()")
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    done.stdout.fnmatch_lines(["*Mark it: @pytest.mark.conformance(batch_norm)*"])
    done.assert_outcomes(errors=1)
