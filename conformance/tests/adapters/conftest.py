"""What the shared tests of `bug_reports` are run with, as each file of tests says."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from conformance.harness.session import Session
from conformance.tests.adapters.reproducing import causes


@pytest.fixture(scope="module")
def module(request: pytest.FixtureRequest) -> ModuleType:
    """The file of tests."""
    found: ModuleType = request.module
    return found


@pytest.fixture(scope="module")
def session(module: ModuleType) -> Iterator[Session]:
    """Its adapter in a worker."""
    with Session(module.ADAPTER.name) as started:
        yield started


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a shared test for every cause, path and call that the file of tests names."""
    module, wanted = metafunc.module, metafunc.fixturenames
    if "cause" in wanted:
        shown = {n: c for n, c in causes(module.ADAPTER.name).items() if c.reproduction}
        metafunc.parametrize("cause", shown.values(), ids=list(shown))
    if "failing_path" in wanted:
        metafunc.parametrize("failing_path", list(module.FAILING))
    if "told_path" in wanted:
        paths, calls = module.TOLD
        metafunc.parametrize("told_path", paths)
        metafunc.parametrize("told_call", calls)
