"""``conformance generate``: make golden files, or prove those that are there."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from conformance.atomic import require_folder
from conformance.case import Case, Problem
from conformance.cases import golden, published
from conformance.cases.golden.listing import home
from conformance.commands import own_problems
from conformance.commands.exits import TOLD
from conformance.errors import RecipeError

SHOWN = 40
"""Differences that are printed one by one."""

_ABOUT = """\
Solve every problem of the catalogue exactly, prove every value with the independent
verifier, and write the golden files, all or none. Where they are this package's own, it is
told their digest: any other catalogue is called foreign in every verdict.

With --deployed it is the catalogue of deployed blocks, whose golden files lie in the folder
"deployed" beside the others.

A recipe, --shape or --arrays makes golden files of your own problems instead, into a folder
that it replaces whole; conformance list recipes shows the words, docs/fixtures.md examples.

With --verify nothing is written: the catalogue is solved again, every STORED value is
proven, and cases, digests and bytes are compared. In a folder that is not the catalogue's the
stored inputs are solved again instead.
"""

_EXAMPLE = f"""\
example:
  conformance generate --verify
  conformance generate --deployed --verify
  conformance generate --out /somewhere/else
  conformance generate my.toml --out tests/golden
  conformance generate --shape 32,64,56,56 --types bfloat16+float32 --x offset:1000 --out one
  conformance generate --arrays layer3.npz --eps 1e-5 --momentum 0.1 --out real
  conformance generate --verify --out tests/golden

exit status: 0 written or verified, 1 a value is not proven or a file differs,
{TOLD}
"""

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(slots=True)
class _Clock:
    """Seconds per stage, in the order in which the stages ran."""

    laps: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=perf_counter)

    def lap(self, stage: str) -> None:
        now = perf_counter()
        self.laps[stage], self.last = now - self.last, now

    def __str__(self) -> str:
        return ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.laps.items())


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the catalogues of this package.

    Attributes:
        folder: Where its golden files go.
        problems: Makes its problems.
        groups: What each group is for.
        name: How the package calls it.
        is_home: Whether the package is told its digest.
    """

    folder: Path
    problems: Callable[[], Sequence[Problem]]
    groups: Mapping[str, str]
    name: str
    is_home: bool

    @property
    def has_bounds(self) -> bool:
        """Whether error bounds are written beside it: those of a block are not exported yet."""
        return self.name == "CATALOGUE"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``generate`` to the command line."""
    parser = subparsers.add_parser(
        "generate",
        help="write golden files, of your own problems too, or verify them",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the golden files (default: fixtures)"
    )
    parser.add_argument(
        "--verify", action="store_true", help="prove and compare what is there; change nothing"
    )
    parser.add_argument(
        "--deployed", action="store_true", help="the deployed catalogue, in DIR/deployed"
    )
    own_problems.add(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``generate``; returns the exit status."""
    words = own_problems.asked(args)
    if args.verify and words:
        raise RecipeError(
            f"{words[0]} was found beside --verify, which takes a folder alone: --verify --out "
            "FOLDER. Leave one of the two out."
        )
    if words:
        return own_problems.run(args)
    folder = home(args.out)
    if args.verify and not args.deployed and not _is_catalogue(folder):
        return own_problems.verify(folder)
    if not args.verify:
        require_folder(folder)
    from conformance.cases import catalogue, deployed  # noqa: PLC0415 - see _run

    is_home = published.is_home(folder)
    if args.deployed:
        part = _Part(
            deployed.folder(folder), deployed.problems, deployed.GROUPS, "DEPLOYED", is_home
        )
    else:
        part = _Part(folder, catalogue.problems, catalogue.GROUPS, "CATALOGUE", is_home)
    return _run(part, verify=args.verify)


def _is_catalogue(folder: Path) -> bool:
    """Whether a folder is to hold the catalogue: it is its own place, or has all of its groups."""
    from conformance.cases import catalogue  # noqa: PLC0415 - see _run

    files = golden.manifest(folder).files  # without one it is refused before the work, not after
    return published.is_home(folder) or {f"{group}.h5" for group in catalogue.GROUPS} <= {*files}


def _run(part: _Part, *, verify: bool) -> int:
    # Here and not above, so that other commands and `--help` do not wait for the catalogue.
    from conformance import oracle  # noqa: PLC0415 - see above
    from conformance.cases.golden import audit, bounds_audit  # noqa: PLC0415 - see above

    clock = _Clock()
    problems = part.problems()
    clock.lap("catalogue")
    cases = _each(oracle.solve, problems, "solving")
    clock.lap("solve")
    if not verify:
        return _write(cases, part, clock)
    stored, differences = audit.readable(part.folder)
    clock.lap("read")
    differences += audit.compare(cases, stored, part.folder, explain=part.groups)
    clock.lap("compare")
    if not differences and part.has_bounds:  # of sound files alone
        with own_problems.progress("finding bounds") as tell:
            differences += bounds_audit.differences(part.folder, tell=tell)
    clock.lap("bounds")
    proven, disproofs = _prove(stored)
    clock.lap("prove")
    unknown = golden.manifest(part.folder).foreign if part.is_home else None
    wrong = [*([unknown] if unknown else []), *differences, *disproofs]
    return own_problems.report("verified", len(stored), proven, wrong, spent=str(clock))


def _write(cases: list[Case], part: _Part, clock: _Clock) -> int:
    from conformance.cases.golden import bounds, writing  # noqa: PLC0415 - see _run

    proven, disproofs = _prove(cases)
    clock.lap("prove")
    if not disproofs:  # an unproven value never reaches a golden file
        writing.write(cases, part.folder, explain=part.groups)
        if part.is_home:
            published.publish(golden.manifest(part.folder).digest, name=part.name)
        clock.lap("write")
        if part.has_bounds:
            with own_problems.progress("finding bounds") as tell:
                bounds.write(part.folder, tell=tell)
            clock.lap("bounds")
    return own_problems.report("wrote", len(cases), proven, disproofs, spent=str(clock))


def _prove(cases: Sequence[Case]) -> tuple[int, list[str]]:
    from conformance.cases.own.answers import told  # noqa: PLC0415 - see _run
    from conformance.oracle.proof import prove  # noqa: PLC0415 - see _run

    proofs = _each(prove, cases, "proving")
    return sum(proof.proven for proof in proofs), [line for proof in proofs for line in told(proof)]


def _each(act: Callable[[_Given], _Made], items: Sequence[_Given], stage: str) -> list[_Made]:
    from rich.progress import Progress  # noqa: PLC0415 - see _run

    from conformance.commands.console import drawn  # noqa: PLC0415 - see _run

    console = drawn(stderr=True)
    if not console.is_terminal:
        print(f"{stage} {len(items)} cases", file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task, made = bar.add_task(stage, total=len(items)), []
        for item in items:
            made.append(act(item))
            bar.advance(task)
        return made
