"""The items of the suite: one for every output of every case on every path.

They are no functions of pytest: 3686 of these for one path, each with fixtures, three phases and
captured streams, take twice as long as the kernel and its judge.  An item has nothing to set up
but the result of its case, which its first output asks for, and prints nothing in this process.
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pytest

from conformance.errors import ConformanceError
from conformance.suite import test_conformance
from conformance.suite.session import as_property, collected_of
from conformance.verdict.record import CaseResult

_LINE = inspect.getsourcelines(test_conformance.test_output)[1] - 1
_TEST = test_conformance.test_output.__name__

Phase = Literal["setup", "call", "teardown"]


class Output(pytest.Item):
    """One output of one case on one path."""

    def __init__(self, *, wanted: tuple[str, str, str], **said: Any) -> None:
        """Of a column, a case and an output, by their ids and name."""
        super().__init__(**said)
        self._column, self._case, self._output = wanted
        self._result: CaseResult | None = None
        self.is_first = False

    def setup(self) -> None:
        """Have the result of the case, which is run where this is its first output."""
        collected = collected_of(self.config)
        self._result, self.is_first = collected.examine(self._column, self._case)

    def runtest(self) -> None:
        """Hold the output to its verdict."""
        assert self._result is not None  # noqa: S101 - it is prepared
        test_conformance.test_output(self._result.outputs[self._output])

    def teardown(self) -> None:
        """Hand a new result to where records are written: by the report, in a worker of xdist."""
        if not self.is_first or self._result is None:
            return
        if hasattr(self.config, "workerinput"):
            self.user_properties.append(as_property(self._column, self._result))
        else:
            collected_of(self.config).keep(self._column, self._result)

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """As of any item; the file is looked up once for all of them."""
        suite = self.parent
        assert isinstance(suite, Suite)  # noqa: S101 - it collects them
        if suite.shown is None:
            suite.shown = super().location[0]
        return suite.shown, _LINE, self.name

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands that all items are."""
        return self.path, _LINE, self.name


class Suite(pytest.Module):
    """The file of the suite, whose items are made of what is due."""

    shown: str | None = None
    """Its path as pytest shows it, once an item was asked for its place."""

    def collect(self) -> Iterator[Output]:
        """One item for every output of every case on every path.

        Raises:
            CollectError: an adapter, its expectations or the golden files are broken.
        """
        marks: dict[str, pytest.MarkDecorator] = {}
        try:
            for wanted in collected_of(self.config).items():
                column = wanted[0]
                name = "-".join(wanted).encode("unicode_escape").decode("ascii")
                item: Output = Output.from_parent(self, name=f"{_TEST}[{name}]", wanted=wanted)
                item.add_marker(marks.setdefault(column, pytest.mark.xdist_group(column)))
                yield item
        except ConformanceError as error:
            # pytest shows a CollectError by its message alone.
            raise self.CollectError(str(error)) from None
        gc.freeze()  # so many items stay that to look through them again takes its time


class Protocol:
    """How such items are run: the reports of a function, without what these have no use for."""

    def __init__(self) -> None:
        """Of a session; who has a say in its reports is looked up when the first item is run."""
        self._others: bool | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        """Run an item of the suite; leave to pytest all others, and the last of a row of ours.

        With that one pytest sets up and clears away what stands around the items.
        """
        if not (isinstance(item, Output) and isinstance(nextitem, Output)):
            return None
        hook, where = item.ihook, {"nodeid": item.nodeid, "location": item.location}
        if self._others is None:
            self._others = _others_report(hook)
        hook.pytest_runtest_logstart(**where)
        if self._passed(item, hook, "setup", item.setup):
            self._passed(item, hook, "call", item.runtest)
        if item.is_first:  # the others have nothing to clear away
            self._passed(item, hook, "teardown", item.teardown)
        hook.pytest_runtest_logfinish(**where)
        return True

    def _passed(self, item: Output, hook: Any, phase: Phase, act: Callable[[], None]) -> bool:
        """Run a phase of an item and report it; that nothing was to be prepared is no news."""
        stops = (pytest.exit.Exception, KeyboardInterrupt)
        call = pytest.CallInfo.from_call(act, when=phase, reraise=stops)
        if phase == "setup" and call.excinfo is None and not item.is_first:
            return True
        report: pytest.TestReport
        if call.excinfo is None and not self._others:
            report = pytest.TestReport.from_item_and_call(item, call)
        else:
            report = hook.pytest_runtest_makereport(item=item, call=call)
        hook.pytest_runtest_logreport(report=report)
        if report.failed and call.excinfo is not None:
            hook.pytest_exception_interact(node=item, call=call, report=report)
        return report.passed


def _others_report(hook: Any) -> bool:
    """Whether anything but pytest itself has a say in reports, and so is to be asked for each.

    What pytest adds to the report of a phase that passed concerns functions and their fixtures.
    """
    made = hook.pytest_runtest_makereport.get_hookimpls()
    return any(not each.function.__module__.startswith("_pytest.") for each in made)
