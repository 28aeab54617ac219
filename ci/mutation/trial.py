"""Mutants put before their tests, each in a process of its own; no file is changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import CodeType, ModuleType

_CONTEXT = get_context("forkserver")
# What the tests import and no mutant changes is imported once; every process starts from there.
_CONTEXT.set_forkserver_preload(
    [
        "__main__", "pytest", "_pytest.assertion.rewrite", "numpy", "ml_dtypes", "h5py", "mpmath",
        "packaging.specifiers", "rich.console", "duckdb", "pyarrow.parquet", "jsonschema",
        "fastjsonschema",
        "cloudpickle", "tomlkit", "jinja2", "scipy.stats",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried.

    Attributes:
        root: The checkout.
        tests: What pytest is given.
        timeout: Seconds after which the process is killed.
        module: The file that is replaced, from the root on.
        source: Its text; None leaves it as it is.
    """

    root: Path
    tests: tuple[str, ...]
    timeout: float
    module: str = ""
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a trial ended.

    Attributes:
        trial: Which.
        status: 0 where every test passed; None where the time was up.
        seconds: How long it took.
    """

    trial: Trial
    status: int | None
    seconds: float


def run(trials: Iterable[Trial], jobs: int) -> Iterator[Ending]:
    """Run trials, some at a time, and tell each as it ends."""
    waiting, running = list(trials)[::-1], dict[int, tuple[Trial, BaseProcess, float]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                trial = waiting.pop()
                process: BaseProcess = _CONTEXT.Process(target=_test, args=(trial,))
                process.start()
                running[process.sentinel] = (trial, process, monotonic())
            wait(list(running), timeout=1.0)
            for sentinel, (trial, process, begun) in list(running.items()):
                seconds = monotonic() - begun
                late = process.exitcode is None and seconds > trial.timeout
                if late:
                    process.kill()
                if late or process.exitcode is not None:
                    process.join()
                    del running[sentinel]
                    yield Ending(trial, None if late else process.exitcode, seconds)
    finally:
        for _, process, _ in running.values():
            process.kill()


class _Replaced(SourceFileLoader):
    """Loads a module from a text that is in no file."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the loader's interface
        return self.source_to_code(self._text.encode(), self.path)


class _Finder(MetaPathFinder):
    """Finds one module before anyone else does."""

    def __init__(self, fullname: str, path: str, text: str) -> None:
        self._fullname, self._path, self._text = fullname, path, text

    def find_spec(
        self, fullname: str, path: object, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self._fullname:
            return None
        loader = _Replaced(fullname, self._path, self._text)
        return spec_from_file_location(fullname, self._path, loader=loader)


def _test(trial: Trial) -> None:
    """Run the tests; the exit status says whether they noticed."""
    import pytest  # noqa: PLC0415 - the forkserver has it

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(trial.root)
    if trial.source is not None:
        fullname = trial.module.removesuffix(".py").replace("/", ".")
        sys.meta_path.insert(0, _Finder(fullname, str(trial.root / trial.module), trial.source))
    options = ["-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options += ["-p", "no:hypothesispytest"]  # it imports all of hypothesis at the end of each run
    with TemporaryDirectory(prefix="mutation-") as folder:
        sys.exit(int(pytest.main([*options, "--basetemp", f"{folder}/tests", *trial.tests])))
