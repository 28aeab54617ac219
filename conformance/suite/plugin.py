"""The pytest plug-in: options, a kernel's own tests, records at the end.

pytest loads this module in every project that has the package installed.  So it imports the rest
of the package only once it is asked for, and whatever it adds has the package's name in its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.suite.session import KEY, PROPERTY, collected_of

if TYPE_CHECKING:
    from conformance.suite.kernel import KernelCase, Kernels

_SUITE = Path(__file__).with_name("test_conformance.py")
_PROTOCOL = "conformance-protocol"
_KERNEL_FIXTURE = "conformance_case"
_MARK = "conformance"
_COLUMNS = "conformance_columns"
_DIAGNOSES = "conformance_diagnoses"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the conformance suite."""
    group = parser.getgroup("conformance", "conformance of batch normalization")
    group.addoption(
        "--conformance-adapter",
        action="append",
        default=[],
        metavar="ADAPTER[/PATH]",
        help="what to test, such as torch or jax/xla_hlo; repeatable",
    )
    group.addoption(
        "--conformance-tier",
        choices=["smoke", "standard"],
        default="standard",
        help="smoke: the few cases that reject every known wrong kernel",
    )
    group.addoption(
        "--conformance-records",
        type=Path,
        default=Path("records"),
        metavar="DIR",
        help="where run records are written at the end (default: records)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark that keeps a path on one worker; it needs a name without pytest-xdist too."""
    config.pluginmanager.register(_Recorder(config), "conformance-recorder")
    config.addinivalue_line("markers", "xdist_group(name): run the items of one path together")
    config.addinivalue_line(
        "markers",
        f"{_MARK}(kernel, tier, case, dtype, dialect): the kernel that {_KERNEL_FIXTURE} runs",
    )


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Collect the file of the suite in its own way, and no other file."""
    if module_path != _SUITE:
        return None
    from conformance.suite import items  # noqa: PLC0415 - see the module's text

    manager = parent.config.pluginmanager
    if not manager.has_plugin(_PROTOCOL):
        manager.register(items.Protocol(), _PROTOCOL)
    suite: pytest.Module = items.Suite.from_parent(parent, path=module_path)
    return suite


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for every case of the kernel that a test's mark names."""
    mark = metafunc.definition.get_closest_marker(_MARK)
    if mark is None or _KERNEL_FIXTURE not in metafunc.fixturenames:
        return
    from conformance.errors import ConformanceError  # noqa: PLC0415 - see the module's text
    from conformance.suite import kernel  # noqa: PLC0415 - the same

    try:
        wanted = kernel.cases(mark, metafunc.definition.name)
    except ConformanceError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize(
        _KERNEL_FIXTURE, [pytest.param(case, id=name) for case, name in wanted], indirect=True
    )


@pytest.fixture
def conformance_case(request: pytest.FixtureRequest) -> KernelCase:
    """One case for the kernel of the test's mark; ``conformance_case.check()`` judges it."""
    from conformance.errors import ConformanceError  # noqa: PLC0415 - see the module's text
    from conformance.suite.kernel import unmarked  # noqa: PLC0415 - the same

    mark = request.node.get_closest_marker(_MARK)
    try:
        if mark is None:
            raise unmarked(request.node.name)
        return _kernels(request.config).case(mark, request.param)
    except ConformanceError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)


class _Recorder:
    """Gathers results where records are written; under xdist that is the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._diagnoses: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """With pytest-xdist: take over what a worker knows about its columns."""
        self._diagnoses += getattr(node, "workeroutput", {}).get(_DIAGNOSES, [])
        told = getattr(node, "workeroutput", {}).get(_COLUMNS, [])
        if told:
            collected_of(self._config).add_columns(told)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result that an item reported."""
        if report.when != "teardown":
            return
        for name, said in report.user_properties:
            if name == PROPERTY and isinstance(said, dict):
                collected_of(self._config).add_result(said["column"], said["result"])

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End the workers; write the records, or hand the columns to the controller."""
        self._finish_kernels()
        collected = self._config.stash.get(KEY, None)
        if collected is None:
            return
        if exitstatus != pytest.ExitCode.INTERRUPTED:
            collected.measure()
        collected.close()
        collected.diagnose()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_COLUMNS] = collected.columns_as_json()
        else:
            cut = _why_partial(session, exitstatus)
            collected.write(self._config.getoption("conformance_records"), partial=cut)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what is wrong, and where the records are."""
        for line in self._diagnoses:
            terminalreporter.write_line(f"diagnosis: {line}")
        collected = self._config.stash.get(KEY, None)
        if collected is None:
            return
        for line in collected.diagnoses():
            terminalreporter.write_line(f"diagnosis: {line}")
        if collected.written and (foreign := _foreign()):
            terminalreporter.write_line(f"catalogue: {foreign}")
        for file in collected.written:
            terminalreporter.write_line(f"run record: {file}")

    def _finish_kernels(self) -> None:
        kernels = self._config.stash.get(_KERNELS, None)
        if kernels is None:
            return
        kernels.close()
        self._diagnoses += kernels.diagnoses()
        if foreign := _foreign():
            self._diagnoses.append(foreign)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_DIAGNOSES] = self._diagnoses


def _foreign() -> str | None:
    """What to say of a catalogue that is not the published one."""
    from conformance.cases import golden  # noqa: PLC0415 - see the module's text

    return golden.manifest().foreign


def _why_partial(session: pytest.Session, exitstatus: int) -> str | None:
    """Why a run is not whole; None where every test that was selected has run."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        return "pytest was interrupted"
    stopped = session.shouldfail or session.shouldstop
    return f"pytest ended early: {stopped}" if stopped else None


def _kernels(config: pytest.Config) -> Kernels:
    from conformance.suite.kernel import Kernels  # noqa: PLC0415 - see the module's text

    if _KERNELS not in config.stash:
        config.stash[_KERNELS] = Kernels()
    return config.stash[_KERNELS]


_KERNELS: pytest.StashKey[Kernels] = pytest.StashKey()
