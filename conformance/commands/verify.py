"""``conformance verify``: a conformance statement against itself, and against a kernel."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.cases.tier_names import STANDARD
from conformance.checking import check as checking
from conformance.checking import consistency, holding, signing, statement
from conformance.checking.deviation import Deviation
from conformance.checking.named import Named, named
from conformance.checking.options import CASE_SECONDS, Options
from conformance.checking.rule import Rule
from conformance.checking.selection import FOLDER, OWN
from conformance.checking.signing import Vouched
from conformance.commands.arguments import number, seconds
from conformance.commands.exits import CONFORMS, COULD_NOT_RUN, DOES_NOT, TOLD
from conformance.commands.extra import extra
from conformance.commands.progress import progress_bar
from conformance.errors import InputError
from conformance.harness.kernels.source import MEMORY_GIB
from conformance.printable import cut

_EXAMPLE = f"""\
example:
  conformance check my_kernel.py:batch_norm --statement statement.json
  conformance verify statement.json my_kernel.py:batch_norm
  conformance verify statement.json --signers known_keys.pub

Nothing that a statement names is ever run. Without KERNEL nothing is run at all: what can be seen
without is compared, which is no verification. A KERNEL that is named must have the digest that the
statement gives before it is loaded; then it is checked again, and every entry is compared.

exit status: 0 the statement holds (or, without KERNEL, somebody of --signers vouches for it),
1 it does not, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``verify`` to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="verify a conformance statement",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("statement", type=Path, metavar="FILE")
    parser.add_argument(
        "kernel",
        nargs="?",
        metavar="KERNEL",
        help="what is to be checked again: path.py:object, module:object, or exec:COMMAND",
    )
    parser.add_argument(
        "--signers", type=Path, metavar="FILE", help="public keys that you know, one a line"
    )
    parser.add_argument(
        "--known-failures", type=Path, metavar="FILE", help="where the statement used some: they"
    )
    parser.add_argument(
        "--golden", type=Path, metavar="FOLDER", help="where the statement is of such files: they"
    )
    parser.add_argument("--timeout", type=seconds, default=CASE_SECONDS, metavar="SECONDS")
    parser.add_argument("--memory-gib", type=number("GiB", 0), default=MEMORY_GIB, metavar="GIB")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify the statement; see the module's text."""
    said = statement.read(args.statement)
    with extra("sign"):
        vouched = signing.verify(said, args.signers)
    found = [*consistency.contradictions(said), *consistency.of_this_suite(said, args.golden)]
    same, other = consistency.beside(said, args.statement.absolute().parent)
    if args.kernel is None:
        found += other
        return _told(args, said, found, vouched, ran=False, beside=same)
    if any(deviation.breaks for deviation in found) or _is_forged(said, vouched, args):
        return _told(args, said, found, vouched, ran=False)
    options = _options(args, said)
    with named(args.kernel) as known:
        found += _of_the_kernel(said, known)
        if any(deviation.breaks for deviation in found):
            return _told(args, said, found, vouched, ran=False)
        with progress_bar("verifying") as progress:
            report = checking.run(known, options, progress=progress)
    seen = {deviation.what for deviation in found}
    found += [d for d in holding.compare(said, report) if d.what not in seen]
    return _told(args, said, found, vouched, ran=True)


def _of_the_kernel(said: Mapping[str, Any], known: Named) -> list[Deviation]:
    """Whether a kernel is the one of the statement, before anything of it is loaded."""
    stated, closure = said["kernel"], known.closure()
    if stated["sha256"] is None:
        return [_no(None, "a digest: a statement without one is of no kernel in particular")]
    if stated["sha256"] == closure.digest and stated["files"] == dict(closure.files):
        return []
    names = sorted({*stated["files"], *closure.files})
    differ = [n for n in names if stated["files"].get(n) != closure.files.get(n)]
    return [
        _no(stated["sha256"], closure.digest),
        *(
            Deviation(
                what=f"kernel.files.{name}",
                stated=stated["files"].get(name),
                found=closure.files.get(name),
                breaks=True,
            )
            for name in differ
        ),
    ]


def _no(stated: object, found: object) -> Deviation:
    return Deviation(what="kernel.sha256", stated=stated, found=found, breaks=True)


def _is_forged(said: Mapping[str, Any], vouched: Vouched, args: argparse.Namespace) -> bool:
    """Whether a signature is wrong, or is missing or a stranger's where one was wanted."""
    signed = "signature" in said
    return (signed and not vouched.holds) or (args.signers is not None and not vouched.known)


def _told(
    args: argparse.Namespace,
    said: Mapping[str, Any],
    found: Sequence[Deviation],
    vouched: Vouched,
    *,
    ran: bool,
    beside: Sequence[str] = (),
) -> int:
    """Print the verdict and what it rests on; the exit status."""
    broken = any(deviation.breaks for deviation in found) or _is_forged(said, vouched, args)
    verdict, status = "NOT VERIFIED", COULD_NOT_RUN
    if broken:
        verdict, status = "DOES NOT HOLD", DOES_NOT
    elif ran:
        verdict, status = "HOLDS", CONFORMS
    elif vouched.known:
        verdict, status = "VOUCHED FOR, NOT RUN", CONFORMS
    print(
        f"{verdict}: {cut(str(args.statement), 400)}, of {said['date']}: "
        f"{cut(said['kernel']['selector'], 400)}, grade {said['grade']}, "
        f"{said['selected']['cases']} cases"
    )
    print(f"  {vouched.words}")
    if not ran:
        print(f"  {_NOTHING}")
    if beside:
        print(f"  as stated, beside it: {cut(', '.join(beside), 400)}")
    for deviation in sorted(found, key=lambda d: not d.breaks)[:_SHOWN]:
        print(f"  {deviation}")
    if len(found) > _SHOWN:
        print(f"  ... and {len(found) - _SHOWN} more")
    return status


_SHOWN = 40
"""Differences that are printed."""

_NOTHING = (
    "nothing was run: what it says was measured is believed or not. "
    "Check a kernel again with: conformance verify FILE KERNEL"
)


def _options(args: argparse.Namespace, said: Mapping[str, Any]) -> Options:
    """The selection that a statement speaks of.

    Raises:
        InputError: it is of inputs of somebody's own, or of golden files or known failures that
            were not given.
    """
    suite = said["suite"]
    if suite["tier"] == OWN:
        raise InputError(
            f"{args.statement} is of inputs of somebody's own, which it does not hold; a tier was "
            "wanted. Check them again in Python: conformance.check(kernel, inputs=...)."
        )
    if suite["tier"] == FOLDER and args.golden is None:
        raise InputError(
            f"{args.statement} is of the golden files of a folder, and none was given; the one "
            f"with digest {suite['digest']} was wanted. Give it with --golden."
        )
    if suite["expectations"] is not None and args.known_failures is None:
        raise InputError(
            f"{args.statement} used known failures, and none were given; the file with digest "
            f"{suite['expectations']['sha256']} was wanted. Give it with --known-failures."
        )
    return Options(
        tier=STANDARD if suite["tier"] == FOLDER else suite["tier"],
        golden=args.golden,
        cases=None if suite["case"] is None else tuple(suite["case"]),
        dtype=suite["dtype"],
        arrays=suite["arrays"],
        fresh=suite["fresh"],
        timeout=args.timeout,
        memory_gib=args.memory_gib,
        known_failures=args.known_failures,
        declare=suite["declare"],
        where=tuple(suite["where"]),
        dialect=dict(said["selected"]["dialect"]),
        rule=Rule(**said["rule"]),
    )
