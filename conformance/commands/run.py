"""``conformance run``: one adapter, or one path of it, over the cases; writes run records."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.adapter import home, is_deployed, split
from conformance.atomic import require_folder
from conformance.cases import deployed, golden, large, published, tiers
from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.tier_names import DEPLOYED, LARGE, STANDARD
from conformance.checking import conventions
from conformance.checking.check import refuse_both
from conformance.checking.selftest import adapters
from conformance.commands import examined
from conformance.commands.arguments import add_shield, add_timeout, whole
from conformance.commands.console import drawn
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.errors import SelectionError
from conformance.harness import large_run
from conformance.harness import run as runner
from conformance.harness.column import Column
from conformance.harness.halt import Halt
from conformance.harness.session import CASE_SECONDS
from conformance.printable import one_line, quoted
from conformance.verdict import record, record_file
from conformance.verdict.conventions import differences
from conformance.verdict.record import CaseResult, RunRecord, Status

_EXAMPLE = f"""\
example:
  conformance run torch
  conformance run torch/channels_last --case 'spatial/*'
  conformance run my/adapter.py --tier smoke

exit status: 0 nothing failed that was not expected to, 1 something did,
{TOLD}
"""
_SHOWN = 10
_MISTAKES = 3


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``run`` to the command line."""
    parser = subparsers.add_parser(
        "run",
        help="run one adapter over the cases and write run records",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "adapter",
        metavar="ADAPTER[/PATH]",
        help="such as torch, jax/xla_hlo, or a file my/adapter.py",
    )
    parser.add_argument(
        "--case", action="append", metavar="ID", help="an id, a glob, or a part of ids; repeatable"
    )
    parser.add_argument(
        "--tier",
        choices=[*tiers.TIERS, LARGE, DEPLOYED],
        help="smoke: the few cases that reject every known wrong kernel; large: calls of every "
        "size, and none of the stored cases; deployed: batch normalization among the layers that "
        "it is folded into (default: standard)",
    )
    parser.add_argument(
        "--golden",
        type=Path,
        metavar="FOLDER",
        help="the cases of these golden files instead of the catalogue's",
    )
    parser.add_argument(
        "--most",
        type=whole("values of x", 1),
        metavar="N",
        help="of the large tier, only calls of at most N values, as for a simulator",
    )
    parser.add_argument(
        "--records",
        type=Path,
        metavar="DIR",
        help="where the records go (default: records; nowhere with --case or another tier)",
    )
    parser.add_argument(
        "--jobs",
        type=whole("processes", 1),
        default=os.cpu_count() or 1,
        help="paths run at a time (default: CPUs); the large tier asks them in turn",
    )
    add_timeout(parser, CASE_SECONDS)
    add_shield(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the selection; see the module's text."""
    asked: Sequence[object]
    refuse_both(args.golden, tier=args.tier)
    if args.tier == DEPLOYED or (args.tier is None and _is_deployed(args)):
        args.tier, args.golden = DEPLOYED, deployed.folder()
    if args.tier == LARGE:
        asked = rows = _rows(args)
        runs = partial(large_run.run, rows=rows)
    else:
        _refuse_most(args)
        asked = ids = _ids(args)
        runs = partial(runner.run, case_ids=ids, folder=args.golden, jobs=args.jobs)
        if _is_whole(args):
            runs = partial(runs, measure=conventions.measure)
    folder = args.records or (Path("records") if _is_whole(args) else None)
    if folder is not None:
        require_folder(folder)
    columns = runner.columns(args.adapter, args.golden)
    halt = Halt()
    with args.signals.ending(halt.now):
        run_all = partial(runs, columns, case_seconds=args.timeout, halt=halt)
        records = _with_progress(columns, len(asked), folder, run_all)
        by_id = {column.id: column for column in columns}
        for done in records:
            column = by_id[f"{done.adapter}/{done.path}"]
            _report(column, done, folder, args)
    if not any(done.compared for done in records):
        print("conformance run: nothing was compared, and that is no pass.", file=sys.stderr)
        return DOES_NOT
    return DOES_NOT if any(done.red for done in records) else CONFORMS


def _is_deployed(args: argparse.Namespace) -> bool:
    """Whether the deployed tier is what the adapter is for."""
    return args.golden is None and is_deployed(home(split(args.adapter)[0]))


def _is_whole(args: argparse.Namespace) -> bool:
    """Whether the whole catalogue is asked for, whose records are kept and have conventions."""
    return not args.case and not args.golden and args.tier in {None, STANDARD}


def _ids(args: argparse.Namespace) -> list[str]:
    """The stored cases that are asked for.

    Raises:
        SelectionError: there are none.
        GoldenFileError: the manifest is missing or damaged.
    """
    if args.golden is None:
        return tiers.select(args.tier or STANDARD, args.case)
    return golden.select(args.case, args.golden)


def _rows(args: argparse.Namespace) -> tuple[CaseRow, ...]:
    """The rows of the large tier that are asked for.

    Raises:
        SelectionError: there are none.
    """
    matching = large.select(args.case)
    rows = tuple(r for r in matching if args.most is None or prod(r.recipe.shape) <= args.most)
    if not rows:
        raise SelectionError(
            f"none of the {len(matching)} calls of the large tier that match has at most "
            f"{args.most} values of x. Raise --most, or leave --case out."
        )
    return rows


def _refuse_most(args: argparse.Namespace) -> None:
    if args.most is not None:
        raise SelectionError(
            f"--most {args.most} was given without --tier {LARGE}; it is for --tier large, "
            "whose calls are of every size. Leave it out."
        )


def _with_progress(
    columns: Sequence[Column],
    total: int,
    folder: Path | None,
    run_all: Callable[..., list[RunRecord]],
) -> list[RunRecord]:
    console = drawn(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        bars = {c.id: progress.add_task(c.id, total=total) for c in columns}

        def done(column: Column, _result: CaseResult) -> None:
            progress.advance(bars[column.id])

        def finished(whole: RunRecord) -> None:
            if folder is not None:
                record_file.save(whole, folder)

        return run_all(done=done, finished=finished)


def _report(column: Column, done: RunRecord, folder: Path | None, args: argparse.Namespace) -> None:
    shown = None if args.case else _SHOWN
    counts = ", ".join(f"{done.counts[s]} {s}" for s in Status if done.counts[s])
    verdict = "FAILS" if done.red else "ok" if done.compared else "NOTHING COMPARED"
    version = record.version(done)
    if done.partial:
        verdict = f"PARTIAL ({done.partial})" + ("  FAILS" if done.red else "")
    manifest = golden.manifest(args.golden)
    if args.golden is not None and args.tier != DEPLOYED:
        verdict = f"{verdict} ({published.of_folder(args.golden, manifest.digest)})"
    elif foreign := manifest.foreign:
        verdict = f"{verdict} ({foreign})"
    print(f"{verdict}  {done.adapter}/{done.path}  {version}  {done.device}  {counts}")
    asked = done.red and not done.partial and args.tier != DEPLOYED
    for line in _itself(column, args.timeout) if asked else ():
        print(f"  {line}")
    for found in differences(done.dialect, done.conventions):
        print(f"  not what it declares: {one_line(found)}")
    for diagnosis in done.diagnosis:
        print(f"  diagnosis: {diagnosis.sentence}")
    lines = [line for case in done.cases for line in _lines(case, everything=shown is None)]
    for line in lines[:shown]:
        print(line)
    if shown is not None and len(lines) > shown:
        where = f" in {folder / done.adapter / done.path}.json" if folder else ""
        print(f"  ... and {len(lines) - shown} more{where}")


def _itself(column: Column, case_seconds: float) -> list[str]:
    """Whether it is the adapter that is wrong, where something is red."""
    if column.sampled:
        return [f"whether the adapter itself is right: conformance doctor {column.selector}"]
    outcome = adapters.outcome(column, case_seconds=case_seconds)
    if outcome.passes:
        return []
    return [f"the adapter itself {outcome.verdict}", *examined.lines(outcome)[:_MISTAKES]]


def _lines(case: CaseResult, *, everything: bool) -> list[str]:
    lines = []
    for name, result in case.outputs.items():
        if not everything and result.status not in record.RED:
            continue
        units = "" if result.units is None else f" {result.grade} {result.units:.3g} units"
        reason = f": {one_line(result.reason)}" if result.reason else ""
        lines.append(f"  {case.case} {name}: {result.status}{units}{reason}")
    if any(result.status in record.RED for result in case.outputs.values()):
        lines.append(f"    {case.repro}")
    if lines and case.stderr:
        lines += quoted(case.stderr)
    return lines
