"""``conformance doctor``: the conventions of a kernel, or the mistakes of an adapter."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from conformance.checking import check as checking
from conformance.checking import doctor
from conformance.checking.doctor import Finding
from conformance.checking.named import Named, named
from conformance.checking.options import Options
from conformance.checking.report import Report
from conformance.checking.selftest import adapters
from conformance.checking.trial import Trial
from conformance.commands import examined
from conformance.commands.console import drawn
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.kernel_arguments import add_kernel, options_of
from conformance.commands.progress import progress_bar
from conformance.harness.kernels.source import parse_dialect

_EXAMPLE = f"""\
example:
  conformance doctor my_kernel.py:batch_norm
  conformance doctor torch
  conformance doctor my/adapter.py:one_path

It calls a kernel on a few batches that tell conventions apart, says which option to set, and
then runs the smoke tier with those options.  Of an adapter it asks every path a few ordinary calls,
and names the mistakes of the adapter or of its declaration; what may be the framework's own doing
is a doubt.

exit status: 0 it conforms with the conventions found, or no path of the adapter makes a mistake;
1 it does not, or one makes a mistake or could not be asked,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``doctor`` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="find a kernel's conventions, or an adapter's mistakes, by experiment",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_kernel(parser)
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Examine the kernel or the adapter; see the module's text."""
    if adapters.is_adapter(args.kernel):
        told = adapters.outcomes(args.kernel, case_seconds=args.timeout)
        show = examined.show_json if args.format == "json" else examined.show
        return CONFORMS if show(told) else DOES_NOT
    options = options_of(args)
    with named(args.kernel) as known:
        findings = _findings(known, options)
        options = _with(options, findings)
        with progress_bar("checking") as progress:
            report = checking.run(known, options, progress=progress)
    if args.format == "json":
        said = {"findings": [asdict(f) for f in findings], "check": json.loads(report.to_json())}
        print(json.dumps(said, indent=1))
    else:
        _print(findings, options, report)
    return CONFORMS if report.conforms else DOES_NOT


def _findings(known: Named, options: Options) -> tuple[Finding, ...]:
    source = options.source(known)
    with Trial(source, known.shown, case_seconds=options.timeout) as trial:
        trial.describe()
        return tuple(doctor.examine(trial.ask, trial.dialect))


def _with(options: Options, findings: tuple[Finding, ...]) -> Options:
    """The options with every convention that can be set."""
    said = dict(options.dialect or {})
    for finding in findings:
        option, _, value = (finding.setting or "").partition(" ")
        if option == "--dialect" and finding.confident:
            said |= parse_dialect(value)
    return Options(
        **{**{n: getattr(options, n) for n in Options.__slots__}, "dialect": said or None}
    )


def _print(findings: tuple[Finding, ...], options: Options, report: Report) -> None:
    console = drawn(highlight=False)
    if not console.is_terminal:
        console.width = 160
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("convention", "found", "set", "seen"):
        table.add_column(heading, overflow="fold")
    for f in findings:
        style = "dim" if not f.confident else "" if f.usual else "yellow"
        table.add_row(f.convention, Text(f.found, style=style), f.setting or "", f.sentence)
    console.print(table)
    if options.dialect:
        said = ",".join(f"{name}={value}" for name, value in options.dialect.items())
        console.print(Text(f"set: --dialect {said}", style="bold yellow"))
    console.print(Text(report.verdict, style="bold green" if report.conforms else "bold red"))
    for note in report.notes:
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)
    for found in report.diagnosis:
        console.print(Text(f"diagnosis: {found.sentence}", style="bold"))
