"""Running a column again with an earlier suite or framework: a tree and an environment for each.

The suite of a commit is taken out of the repository with ``git archive``; a framework's versions
get a virtual environment of their own, unless the running Python has them already.  What a record
says is held against what is known first (`conformance.nights.diff.request`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from io import BytesIO
from pathlib import Path

from conformance.errors import AdapterError
from conformance.harness.environment import COMMIT
from conformance.nights.diff.attribution import Outcomes, Pair, Reran
from conformance.nights.diff.changes import Outcome
from conformance.nights.diff.request import BASE, Request, options, request
from conformance.printable import cut
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import read


class Laboratory:
    """Makes what a pair needs, once, in a folder; the folder may be thrown away after."""

    def __init__(
        self,
        folder: Path,
        repository: Path,
        *,
        sources: Sequence[str] = (),
        beside: Sequence[str] = (),
        newest: bool = True,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Prepare; nothing is made yet.

        Args:
            folder: Where trees and environments go.
            repository: The suite's git repository, in which earlier commits are looked up.
            sources: Further arguments of ``pip install``, such as ``--find-links DIR``.
            beside: Names of distributions that are installed with the versions that are asked
                for, as pip finds them to fit.
            newest: Look where the adapter's ``newest.txt`` says, too: a night's versions may have
                been published there alone.
            say: Told what is going on, line by line.
        """
        self._folder, self._repository = folder.resolve(), repository.resolve()
        self._sources, self._beside, self._say = tuple(sources), tuple(beside), say
        self._newest = newest

    def rerun(self, pair: Pair, adapter: str, path: str, cases: Sequence[str]) -> Outcomes:
        """Run a path with a pair on some cases.

        Raises:
            AdapterError: the pair cannot be had, a word of it is refused, or the run writes no
                record.
        """
        asked = request(pair, adapter, path, cases, self._repository)
        python, tree = self._python(asked), self._tree(asked.commit)
        selector = f"{asked.adapter}/{asked.path}"
        self._say(f"running {selector} on {len(asked.cases)} cases: {pair}")
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="records-") as records:
            words = [f"--records={records}", *(f"--case={case}" for case in asked.cases)]
            done = subprocess.run(  # noqa: S603 - our own command
                [str(python), "-P", "-m", "conformance", "run", *words, "--", selector],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(tree), COMMIT: asked.commit},
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
            file = Path(records) / asked.adapter / f"{asked.path}.json"
            if not file.is_file():
                raise AdapterError(
                    f"{pair} wrote no record of {selector}: exit {done.returncode}. "
                    f"It said: {_end(done.stderr or done.stdout)}"
                )
            return _seen(read(file))

    def _tree(self, commit: str) -> Path:
        """The suite of a commit; the repository as it lies, where none is known."""
        if not commit:
            return self._repository
        tree = self._folder / f"suite-{commit}"
        if not _is_ours(tree):
            self._say(f"taking the suite of {commit[:12]} out of the repository")
            pack = ["git", "-C", str(self._repository), "archive", "--format=zip", "--", commit]
            with _made(tree) as fresh, zipfile.ZipFile(BytesIO(self._ask(pack))) as archive:
                archive.extractall(fresh)
        return tree

    def _python(self, asked: Request) -> Path:
        """A Python that has these versions."""
        if all(_installed(name) == version for name, version in asked.versions.items()):
            return Path(sys.executable)
        told = "\n".join([asked.adapter, *self._sources, *asked.pins, *self._beside])
        home = self._folder / f"packages-{hashlib.sha256(told.encode()).hexdigest()[:32]}"
        inside = Path("Scripts" if os.name == "nt" else "bin", "python")
        if not _is_ours(home):
            self._say(f"installing {' '.join(asked.pins)}")
            with _made(home) as fresh:
                venv.EnvBuilder(with_pip=True).create(fresh)
                self._install(fresh / inside, asked)
        return home / inside

    def _install(self, python: Path, asked: Request) -> None:
        # One after the other: some frameworks must be there before what depends on them.
        known = options(self._repository / "adapters" / asked.adapter) if self._newest else []
        pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--no-input"]
        for wanted in ((*asked.pins, *self._beside), BASE):
            self._ask([*pip, *self._sources, *known, "--", *wanted])

    @staticmethod
    def _ask(command: Sequence[str]) -> bytes:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
        if done.returncode != 0:
            said = _end(done.stderr.decode(errors="replace"))
            raise AdapterError(f"{' '.join(command)} failed: {said}")
        return done.stdout


@contextmanager
def _made(place: Path) -> Iterator[Path]:
    """A folder that is made beside `place`, and is `place` once it is whole."""
    fresh = Path(tempfile.mkdtemp(dir=place.parent, prefix="new-"))
    try:
        yield fresh
        fresh.rename(place)  # fails where anything but an empty folder has come up
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)  # it follows no link
        raise


def _is_ours(place: Path) -> bool:
    """Whether a folder that was made whole is there; a link to one was not made by us.

    Raises:
        AdapterError: there is something else.
    """
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise AdapterError(
            f"{place} is no folder that a re-run made, one was wanted. Remove it, or give another "
            "folder with --workdir."
        )
    return place.is_dir() and any(place.iterdir())


def _end(said: str) -> str:
    return cut(said.strip()[-800:], 800)


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
