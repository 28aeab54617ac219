"""Running a column again with an earlier suite or framework: a tree and an environment for each.

The suite of a commit is taken out of the repository with ``git archive``; a framework's versions
get a virtual environment of their own, unless the running Python has them already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from io import BytesIO
from pathlib import Path

from conformance.errors import AdapterError
from conformance.harness.environment import COMMIT
from conformance.nights.diff.attribution import Outcomes, Pair, Reran
from conformance.nights.diff.changes import Outcome
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import read

_BASE = ("numpy", "h5py", "ml_dtypes", "rich", "packaging", "cloudpickle")
"""What the package itself needs beside a framework."""


class Laboratory:
    """Makes what a pair needs, once, in a folder; the folder may be thrown away after."""

    def __init__(
        self,
        folder: Path,
        repository: Path,
        *,
        sources: Sequence[str] = (),
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Prepare; nothing is made yet.

        Args:
            folder: Where trees and environments go.
            repository: The suite's git repository, in which earlier commits are looked up.
            sources: Further arguments of ``pip install``, such as ``--find-links DIR``.
            say: Told what is going on, line by line.
        """
        self._folder, self._repository = folder.resolve(), repository.resolve()
        self._sources, self._say = tuple(sources), say

    def rerun(self, pair: Pair, adapter: str, path: str, cases: Sequence[str]) -> Outcomes:
        """Run a path with a pair on some cases.

        Raises:
            AdapterError: the pair cannot be had, or the run writes no record.
        """
        python, tree = self._python(pair.packages, adapter), self._tree(pair.commit)
        self._say(f"running {adapter}/{path} on {len(cases)} cases: {pair}")
        with tempfile.TemporaryDirectory(dir=self._folder) as records:
            chosen = [word for case in cases for word in ("--case", case)]
            command = [str(python), "-m", "conformance", "run", f"{adapter}/{path}", *chosen]
            done = subprocess.run(  # noqa: S603 - our own command
                [*command, "--records", records],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(tree), COMMIT: pair.commit},
                capture_output=True,
                text=True,
                check=False,
            )
            file = Path(records) / adapter / f"{path}.json"
            if not file.is_file():
                raise AdapterError(
                    f"{pair} wrote no record of {adapter}/{path}: exit {done.returncode}. "
                    f"It said: {(done.stderr or done.stdout).strip()[-800:]}"
                )
            return _seen(read(file))

    def _tree(self, commit: str) -> Path:
        """The suite of a commit; the repository as it lies, where none is known."""
        if not commit:
            return self._repository
        tree = self._folder / f"suite-{commit[:12]}"
        if not tree.is_dir():
            self._say(f"taking the suite of {commit[:12]} out of the repository")
            pack = ["git", "-C", str(self._repository), "archive", "--format=zip", commit]
            whole = tree.with_suffix(".part")
            with zipfile.ZipFile(BytesIO(self._ask(pack))) as archive:
                archive.extractall(whole)
            whole.rename(tree)  # a tree that is there is a whole one
        return tree

    def _python(self, packages: Mapping[str, str], adapter: str) -> Path:
        """A Python that has these versions."""
        if all(_installed(name) == version for name, version in packages.items()):
            return Path(sys.executable)
        # A local version ("+cpu") says which build was there, and no index lists it.
        pins = [f"{name}=={version.partition('+')[0]}" for name, version in packages.items()]
        home = self._folder / f"{adapter}-{'-'.join(packages.values())}"
        python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        ready = home / "ready"
        if not ready.is_file():
            self._say(f"installing {' '.join(pins)}")
            venv.EnvBuilder(with_pip=True, clear=True).create(home)
            # One after the other: some frameworks must be there before what depends on them.
            where = [*self._sources, *self._indexes(adapter)]
            for wanted in (pins, list(_BASE)):
                self._ask([str(python), "-m", "pip", "install", "--quiet", *where, *wanted])
            ready.touch()
        return python

    def _indexes(self, adapter: str) -> list[str]:
        """The options of pip with which an adapter's newest versions are found."""
        file = self._repository / "adapters" / adapter / "newest.txt"
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        return [word for line in lines if line.startswith("--") for word in line.split()]

    @staticmethod
    def _ask(command: Sequence[str]) -> bytes:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-800:]
            raise AdapterError(f"{' '.join(command)} failed: {said}")
        return done.stdout


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _seen(record: RunRecord) -> Outcomes:
    return {
        (case.case, name): Reran(
            outcome=Outcome(
                status=result.status.value,
                grade=result.grade,
                units=result.units,
                reason=result.reason,
            ),
            bits=result.bits,
        )
        for case in record.cases
        for name, result in case.outputs.items()
    }
