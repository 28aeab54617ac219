"""``conformance check``: one kernel in any language: is it right, how exact, what is wrong."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.atomic import require_writable, write_atomically
from conformance.cases import tier_names
from conformance.checking import check as checking
from conformance.checking.named import Named, named
from conformance.checking.options import Options
from conformance.commands.arguments import seconds, whole
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.kernel_arguments import add_kernel, add_rule, options_of
from conformance.commands.progress import progress_bar
from conformance.errors import ConformanceError, InputError
from conformance.harness.halt import Halt

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.checking.report import Report

_EXAMPLE = f"""\
example:
  conformance check my_kernel.py:batch_norm
  conformance check my_kernel.py:batch_norm --tier smoke --dtype float32
  conformance check torch.nn:BatchNorm2d
  conformance check 'exec:./batch_norm'
  conformance check my_kernel.py:batch_norm --fuzz 30

A kernel is a function over numpy, torch, JAX, TensorFlow or CUDA arrays, a torch.nn.Module or
autograd.Function class, a Keras layer class, a flax.nnx or flax.linen Module class, or a program in
any language:

  def batch_norm(x, gamma, beta, dy, *, running_mean, running_var, eps, momentum, training, axis):
      return {{"y": ..., "dx": ..., "dgamma": ..., "dbeta": ..., "running_mean": ..., ...}}

Any part of it will do; what it leaves out is unsupported, never a pass.

It conforms if every value is right, to the minimum grade; the edges (an empty batch, NaN and
infinity, subnormal numbers, sums that overflow, inputs that are read-only) are told beside that.

exit status: 0 it conforms, 1 it does not, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``check`` to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="check one kernel: path.py:function, module:object or exec:PROGRAM",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_kernel(parser)
    parser.add_argument(
        "--tier",
        choices=[*tier_names.STORED, tier_names.LARGE],
        help="smoke: the fewest that reject all known faults in its scope; large: all stored "
        "cases, and calls of every size (default: standard)",
    )
    parser.add_argument(
        "--case", action="append", metavar="ID", help="an id, a glob, or a part of ids; repeatable"
    )
    parser.add_argument(
        "--golden",
        type=Path,
        metavar="FOLDER",
        help="ask the cases of these golden files instead of the catalogue's",
    )
    parser.add_argument("--dtype", help="only cases of this type of x, such as float32")
    parser.add_argument(
        "--no-fresh", action="store_true", help="leave out the cases drawn from a secret seed"
    )
    parser.add_argument(
        "--fresh-seed",
        metavar="HEX",
        help="repeat the fresh cases of an earlier report; a verdict needs a secret seed",
    )
    parser.add_argument(
        "--fuzz",
        type=seconds,
        metavar="SECONDS",
        help="afterwards search for that long beyond the stored cases (needs the extra 'fuzz')",
    )
    parser.add_argument(
        "--soak",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="afterwards ask small calls again and again for that long, thousands in one process",
    )
    parser.add_argument(
        "--seed", type=whole("a seed", 0), default=0, help="of the search (default: 0)"
    )
    parser.add_argument(
        "--known-failures",
        type=Path,
        metavar="FILE",
        help="known failures, as in an adapter's expectations.toml, for the path 'kernel'",
    )
    add_rule(parser)
    _add_output(parser)
    parser.set_defaults(run=run)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JSON report there too")
    parser.add_argument(
        "--statement", type=Path, metavar="FILE", help="write a conformance statement to cite"
    )
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with a picture of the errors"
    )
    parser.add_argument(
        "--watch", action="store_true", help="check again whenever a file of the kernel changes"
    )
    parser.add_argument("--quiet", action="store_true", help="print the verdict line alone")
    parser.add_argument("--verbose", action="store_true", help="list every failing case")


def run(args: argparse.Namespace) -> int:
    """Check the kernel; see the module's text."""
    options = options_of(args)
    if args.fuzz is not None:
        _require_hypothesis()
    if args.statement is not None and options.tier == tier_names.LARGE:
        raise InputError(
            "--statement was given with --tier large; a statement is about stored cases, which "
            "anyone can verify. Leave --tier out for it."
        )
    for file in (args.out, args.statement, args.html):
        if file is not None:
            require_writable(file)
    return _watched(args, options) if args.watch else _once(args, options)


def _once(args: argparse.Namespace, options: Options) -> int:
    with named(args.kernel) as known:
        report = _checked(args, known, options)
        found = _search(args, known, options)
    return CONFORMS if report.conforms and not found else DOES_NOT


def _watched(args: argparse.Namespace, options: Options) -> int:
    """Check now and after every change of the kernel's files, until Ctrl-C ends it."""
    from conformance.checking.watching import changed, seen  # noqa: PLC0415 - where it is asked for

    with named(args.kernel) as known:
        before = seen(known)
    _once(args, options)
    while True:
        with named(args.kernel) as known:
            sys.stdout.flush()  # what was found is read while this one waits
            print("watching for changes; Ctrl-C ends it", file=sys.stderr, flush=True)
            before = changed(known, before)
        try:
            _once(args, options)
        except ConformanceError as error:  # half a change: the next one may mend it
            print(f"conformance: {error}", file=sys.stderr)


def _checked(args: argparse.Namespace, known: Named, options: Options) -> Report:
    """Check, write and print; the same with what was found where Ctrl-C or SIGTERM comes."""
    halt = Halt()
    with args.signals.ending(halt.now):
        with progress_bar("checking", quiet=args.quiet) as progress:
            report = checking.run(known, options, halt=halt, progress=progress)
        try:
            _write(args, report)
        finally:  # minutes of checking are not lost where a disk is full
            _print(args, report)
    return report


def _write(args: argparse.Namespace, report: Report) -> None:
    if args.out is not None:
        write_atomically(args.out, report.to_json() + "\n")
    if args.html is not None:
        from conformance.checking.page import page  # noqa: PLC0415 - the same

        write_atomically(args.html, page(report))
    if args.statement is not None:
        from conformance.checking import statement  # noqa: PLC0415 - only where one is asked for

        statement.write(report, args.statement)


def _print(args: argparse.Namespace, report: Report) -> None:
    if args.format == "json":
        print(report.to_json())
    elif args.quiet:
        print(report.verdict)
    else:
        from conformance.checking import terminal  # noqa: PLC0415 - needs rich, which nothing else does

        terminal.show(report, _console(), most=None if args.verbose else terminal.SHOWN)


def _console() -> Console:
    """Standard output; as wide as a page where it is no terminal and nobody says how wide."""
    from conformance.commands.console import drawn  # noqa: PLC0415 - needs rich

    console = drawn(highlight=False, soft_wrap=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    return console


def _require_hypothesis() -> None:
    """Refuse a search that cannot be, before the check is run."""
    if importlib.util.find_spec("hypothesis") is None:
        raise InputError(
            "--fuzz needs Hypothesis, which is not installed. Install it with: "
            "pip install hypothesis"
        )


def _search(args: argparse.Namespace, known: Named, options: Options) -> bool:
    """Search beyond the stored cases; whether something was found."""
    if args.fuzz is None:
        return False
    from conformance.checking import searching  # noqa: PLC0415 - needs Hypothesis

    with progress_bar("searching", quiet=args.quiet) as progress:
        found = searching.search(known, options, args.fuzz, args.seed, progress)
    stream = sys.stderr if args.format == "json" else sys.stdout
    print(found.text, file=stream)
    return found.failed
