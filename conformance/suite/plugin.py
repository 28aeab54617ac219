"""The pytest plug-in: options, one test item per path, case and output, records at the end.

pytest loads this module in every project that has the package installed, so it imports the rest
of the package only once an adapter is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.record import OutputResult
    from conformance.suite.collected import Collected

_FIXTURE = "conformance_result"
_PROPERTY = "conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the conformance suite."""
    group = parser.getgroup("conformance", "conformance of batch normalization")
    group.addoption(
        "--adapter",
        action="append",
        default=[],
        metavar="ADAPTER[/PATH]",
        help="what to test, such as torch or jax/xla_hlo; repeatable",
    )
    group.addoption(
        "--tier",
        choices=["smoke", "standard"],
        default="standard",
        help="smoke: the few cases that reject every known wrong kernel",
    )
    group.addoption(
        "--records",
        type=Path,
        default=Path("records"),
        metavar="DIR",
        help="where run records are written at the end (default: records)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark that keeps a path on one worker; it needs a name without pytest-xdist too."""
    config.pluginmanager.register(_Recorder(config), "conformance-recorder")
    config.addinivalue_line("markers", "xdist_group(name): run the items of one path together")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item for every output that is due, of every case, on every path."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    from conformance.errors import ConformanceError  # noqa: PLC0415 - see the module's text

    try:
        wanted = list(_collected(metafunc.config).items())
    except ConformanceError as error:
        # pytest shows a CollectError by its message alone.
        raise pytest.Collector.CollectError(str(error)) from None
    metafunc.parametrize(
        _FIXTURE,
        [
            pytest.param(
                (column, case, output),
                id=f"{column}-{case}-{output}",
                marks=pytest.mark.xdist_group(column),
            )
            for column, case, output in wanted
        ],
        indirect=True,
    )


@pytest.fixture
def conformance_result(request: pytest.FixtureRequest) -> OutputResult:
    """The judged result of one output; parametrised by the suite."""
    column, case, output = request.param
    result, is_new = _collected(request.config).examine(column, case)
    if is_new:
        said = {"column": column, "result": _as_json(result)}
        request.node.user_properties.append((_PROPERTY, said))
    return result.outputs[output]


class _Recorder:
    """Gathers results where records are written; under xdist that is the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """With pytest-xdist: take over what a worker knows about its columns."""
        told = getattr(node, "workeroutput", {}).get(_PROPERTY, [])
        if told:
            _collected(self._config).add_columns(told)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result that an item reported."""
        if report.when != "teardown":
            return
        for name, said in report.user_properties:
            if name == _PROPERTY and isinstance(said, dict):
                _collected(self._config).add_result(said["column"], said["result"])

    def pytest_sessionfinish(self) -> None:
        """End the workers; write the records, or hand the columns to the controller."""
        collected = self._config.stash.get(_KEY, None)
        if collected is None:
            return
        collected.close()
        collected.diagnose()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_PROPERTY] = collected.columns_as_json()
        else:
            collected.write(self._config.getoption("--records"))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the records are."""
        collected = self._config.stash.get(_KEY, None)
        if collected is None:
            return
        for line in collected.diagnoses():
            terminalreporter.write_line(f"diagnosis: {line}")
        for file in collected.written:
            terminalreporter.write_line(f"run record: {file}")


def _collected(config: pytest.Config) -> Collected:
    from conformance.suite.collected import Collected  # noqa: PLC0415 - see the module's text

    if _KEY not in config.stash:
        config.stash[_KEY] = Collected(config.getoption("--adapter"), config.getoption("--tier"))
    return config.stash[_KEY]


def _as_json(result: object) -> Any:
    from dataclasses import asdict  # noqa: PLC0415 - see the module's text

    from conformance.record import encode  # noqa: PLC0415 - see the module's text

    return encode(asdict(result))  # type: ignore[call-overload]


_KEY: pytest.StashKey[Collected] = pytest.StashKey()
