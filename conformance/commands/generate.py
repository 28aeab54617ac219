"""``conformance generate``: make the golden files anew, or prove those that are there."""

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
from conformance.case import Case
from conformance.cases import golden, published
from conformance.cases.golden.listing import home
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD

SHOWN = 40
"""Differences that are printed one by one."""

_ABOUT = """\
Solve every problem of the catalogue exactly, prove every value with the independent
verifier, and write the golden files, all or none. Where they are this package's own, it is
told their digest: any other catalogue is called foreign in every verdict.

With --verify nothing is written: the catalogue is solved again, every STORED value is
proven, and cases, digests and bytes are compared.
"""

_EXAMPLE = f"""\
example:
  conformance generate --verify
  conformance generate --out /somewhere/else

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


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``generate`` to the command line."""
    parser = subparsers.add_parser(
        "generate",
        help="write the golden files anew, or verify them",
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
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``generate``; returns the exit status."""
    folder = home(args.out)
    if not args.verify:
        require_folder(folder)
    return _run(folder, verify=args.verify)


def _run(folder: Path, *, verify: bool) -> int:
    # Here and not above, so that other commands and `--help` do not wait for the catalogue.
    from conformance import oracle  # noqa: PLC0415 - see above
    from conformance.cases import catalogue  # noqa: PLC0415 - see above
    from conformance.cases.golden import audit  # noqa: PLC0415 - see above

    if verify:
        golden.manifest(folder)  # a folder without one is refused before the work, not after
    clock = _Clock()
    problems = catalogue.problems()
    clock.lap("catalogue")
    cases = _each(oracle.solve, problems, "solving")
    clock.lap("solve")
    if not verify:
        return _write(cases, folder, catalogue.GROUPS, clock)
    stored, differences = audit.readable(folder)
    clock.lap("read")
    differences += audit.compare(cases, stored, folder, explain=catalogue.GROUPS)
    clock.lap("compare")
    proven, disproofs = _prove(stored)
    clock.lap("prove")
    unknown = golden.manifest(folder).foreign if published.is_home(folder) else None
    wrong = [*([unknown] if unknown else []), *differences, *disproofs]
    return _report("verified", len(stored), proven, wrong, clock)


def _write(cases: list[Case], folder: Path, explain: Mapping[str, str], clock: _Clock) -> int:
    from conformance.cases.golden import writing  # noqa: PLC0415 - see _run

    proven, disproofs = _prove(cases)
    clock.lap("prove")
    if not disproofs:  # an unproven value never reaches a golden file
        writing.write(cases, folder, explain=explain)
        if published.is_home(folder):
            published.publish(golden.manifest(folder).digest)
        clock.lap("write")
    return _report("wrote", len(cases), proven, disproofs, clock)


def _prove(cases: Sequence[Case]) -> tuple[int, list[str]]:
    from conformance.oracle.proof import prove  # noqa: PLC0415 - see _run

    proofs = _each(prove, cases, "proving")
    disproofs = [
        f"{wrong.case}: {wrong.output}{list(wrong.index)} is {wrong.stored!r}: {wrong.why}"
        for proof in proofs
        for wrong in proof.disproofs
    ]
    return sum(proof.proven for proof in proofs), disproofs


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


def _report(done: str, cases: int, proven: int, wrong: list[str], clock: _Clock) -> int:
    for line in wrong[:SHOWN]:
        print(line)
    if len(wrong) > SHOWN:
        print(f"... and {len(wrong) - SHOWN} more")
    verdict = f"{len(wrong)} differences: NOT {done}" if wrong else done
    print(f"{verdict}: {cases} cases, {proven} values proven ({clock})")
    return DOES_NOT if wrong else CONFORMS
