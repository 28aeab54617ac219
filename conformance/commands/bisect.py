"""``conformance bisect``: since which release of a framework a case is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.atomic import require_writable, write_atomically
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.rerunning import add_places, laboratory, say

if TYPE_CHECKING:
    from conformance.nights.bisect.telling import Bisected

_ABOUT = """\
Find the releases of a framework between which a case became wrong, or right again.

Each release that is asked is installed in an environment of its own, with the rest of what the
adapter requires as pip finds it to fit, and runs this case alone.  Releases are halved, so that
few are asked; one that does not install, or does not take the case, is passed over and named.
"""

_EXAMPLE = f"""\
example:
  conformance bisect jax/linen half/sum-overflows --versions 0.8..0.12 --package flax
  conformance bisect torch/functional extremes/squares-overflow-float32 --versions 2.4..2.13
  conformance bisect tensorflow/keras empty/train-nchw --versions 2.16.. --output running_var

exit status: 0 a change was found, 1 none was,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bisect`` to the command line."""
    parser = subparsers.add_parser(
        "bisect",
        help="find the release of a framework since which a case is wrong",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="PATH", help="a path, such as torch/functional")
    parser.add_argument("case", metavar="CASE", help="the id of a case")
    parser.add_argument(
        "--versions",
        required=True,
        metavar="A..B",
        help="the releases, both ends included; one end may be left out",
    )
    parser.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="NAME",
        help="an output to look at (default: all); repeatable",
    )
    parser.add_argument(
        "--package", metavar="NAME", help="whose releases (default: the first that it requires)"
    )
    parser.add_argument(
        "--with",
        dest="pinned",
        action="append",
        default=[],
        metavar="NAME==VERSION",
        help="another package that it requires, at one version; repeatable",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there as well")
    add_places(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``bisect``; returns the exit status."""
    from conformance.nights.bisect import telling  # noqa: PLC0415 - --help needs none of it

    if args.out is not None:
        require_writable(args.out)
    found = _found(args)
    text = telling.as_json(found) if args.format == "json" else telling.as_text(found)
    if args.out is not None:
        write_atomically(args.out, text)
    sys.stdout.write(text)
    return CONFORMS if found.changes else DOES_NOT


def _found(args: argparse.Namespace) -> Bisected:
    from conformance.nights.bisect.asking import asker  # noqa: PLC0415 - the same
    from conformance.nights.bisect.questions import question_of  # noqa: PLC0415 - the same
    from conformance.nights.bisect.releases import releases  # noqa: PLC0415 - the same
    from conformance.nights.bisect.search import Asked, bisect  # noqa: PLC0415 - the same
    from conformance.nights.bisect.telling import Bisected  # noqa: PLC0415 - the same

    question, beside = question_of(
        args.path,
        args.case,
        outputs=args.output,
        package=args.package,
        pinned=args.pinned,
        repository=args.repository,
    )
    known = releases(question.package, args.versions, sources=args.pip)
    say("bisect", f"{len(known)} releases of {question.package}, {known[0]} to {known[-1]}")
    with laboratory(args, "bisect", beside=beside, newest=False) as place:
        ask = asker(question, place.rerun)

        def told(version: str) -> Asked:
            one = ask(version)
            say("bisect", f"{question.package} {version}: {one.finding.value}: {one.told}")
            return one

        return Bisected(question=question, releases=known, asked=bisect(known, told))
