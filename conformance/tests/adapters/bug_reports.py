"""Tests that every adapter of a framework has: what it reports can be seen without this suite.

The file of an adapter's tests imports them with what they need and defines,
beside `ADAPTER` and `CALLS`, `FAILING`: a case that fails on each path and an output of it; and
`TOLD`: paths and calls to write programs for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from conformance import adapter
from conformance.cases import golden
from conformance.errors import Unsupported
from conformance.harness.probing import PROBED
from conformance.harness.session import Session
from conformance.memory import laid_out
from conformance.report.bugs.shrinking import Asking, shrink
from conformance.tests.adapters.reproducing import (
    causes,
    is_gone,
    printed,
    ran,
    same_bits,
    skip_unless_pinned,
)
from conformance.tests.adapters.trial import ask, skip_if_lacking
from conformance.verdict.known.cause import Cause
from conformance.verdict.known.expectations import is_here
from conformance.verdict.known.printed import agrees

_SHRINKING = 20.0
"""Seconds, which compiled paths use up."""


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


def test_every_cause_shows_itself(module: ModuleType, session: Session, cause: Cause) -> None:
    """The lines of a cause print what they are said to, at the pinned version, until it is gone."""
    skip_unless_pinned(module.ADAPTER.name)
    told = session.describe()
    if not is_here(cause.where, told["traits"]):
        pytest.skip(f"it is of machines with {cause.where}")
    found = printed(cause.reproduction)
    gone = is_gone(module.ADAPTER.name, cause, told["versions"])
    assert agrees(found, cause.prints) is not gone, found


def test_a_bug_report_prints_the_bits_that_the_path_returned(
    module: ModuleType, session: Session, failing_path: str
) -> None:
    """A reported program, alone in a fresh process, prints bit for bit what the suite saw."""
    skip_unless_pinned(module.ADAPTER.name)
    case, output = module.FAILING[failing_path]
    asking = Asking(session, failing_path, module.ADAPTER.path(failing_path).dialect, output)
    whole = next(golden.load([case]))
    refused = session.run(failing_path, whole).reason or ""
    if refused.startswith(PROBED):
        pytest.skip(refused)
    first = asking(whole)
    assert first is not None, f"{case} does not fail on {failing_path}"
    small = shrink(asking, first, seconds=_SHRINKING)
    assert small.case.inputs.x.size <= first.case.inputs.x.size
    program = session.reproduce(failing_path, small.case.inputs, output)
    assert same_bits(printed(program), small.answer.outputs[output]), program


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_a_program_makes_the_call_of_the_path(
    module: ModuleType, told_path: str, told_call: str, training: bool, tmp_path: Path
) -> None:
    """Whatever layout, types, mode and strides: a program prints the bits of each output."""
    path = module.PATHS[told_path]
    lying = "contiguous" if training else "strided"
    inputs = laid_out(ask(**module.CALLS[told_call], training=training, memory=lying))
    if adapter.why_not(path.capabilities, inputs) is not None:
        pytest.skip("the path does not take this call")
    skip_if_lacking(path, inputs)
    try:
        found = path.run(inputs)
    except Unsupported as reason:
        pytest.skip(str(reason))
    for output, values in found.items():
        program = module.ADAPTER.reproduce(told_path, inputs, output)
        assert same_bits(ran(program, tmp_path), values), program
