"""What names a kernel on the command line, says how to call it, and what is asked of it."""

from __future__ import annotations

import argparse

from conformance.cases.tier_names import STANDARD
from conformance.checking.check import refuse_both
from conformance.checking.options import BUDGET_SECONDS, CASE_SECONDS, Options
from conformance.checking.rule import GRADES, Rule
from conformance.commands.arguments import add_shield, add_timeout, number, seconds
from conformance.harness.kernels.source import ARRAYS, MEMORY_GIB, parse_declared, parse_dialect


def add_kernel(parser: argparse.ArgumentParser) -> None:
    """Add what names a kernel and says how to call it."""
    parser.add_argument(
        "kernel", metavar="KERNEL", help="path.py:object, module:object, or exec:COMMAND"
    )
    parser.add_argument(
        "--dialect",
        default="",
        metavar="NAME=VALUE,...",
        help="conventions: momentum=old, running_var=biased, eps=outside, layout=channels_last",
    )
    parser.add_argument(
        "--declare",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what its attribute conformance may hold, said from here: ranks=2,4; repeatable",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="PREDICATE",
        help="narrow its scope, such as 'C %% 32 == 0' or 'M <= 4096'; repeatable, all hold",
    )
    parser.add_argument(
        "--signature",
        metavar="ARGUMENTS",
        help="what it is given by position, and returns: 'x, gamma, beta, eps -> y, mean'",
    )
    parser.add_argument(
        "--arrays", choices=ARRAYS, help="whose arrays it takes (default: recognised)"
    )
    _add_limits(parser)
    add_shield(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    add_timeout(parser, CASE_SECONDS)
    parser.add_argument(
        "--budget",
        type=seconds,
        default=BUDGET_SECONDS,
        metavar="SECONDS",
        help=f"how long the whole check may take (default: {BUDGET_SECONDS:g})",
    )
    parser.add_argument(
        "--memory-gib",
        type=number("GiB", 0),
        default=MEMORY_GIB,
        metavar="GIB",
        help=f"what it may allocate, 0 for no limit (default: {MEMORY_GIB:g})",
    )


def add_rule(parser: argparse.ArgumentParser) -> None:
    """Add what is asked of a kernel that conforms."""
    parser.add_argument(
        "--minimum-grade",
        choices=GRADES,
        default="B",
        help="the worst grade that conforms: C admits what E[x^2] - mean^2 loses (default: B)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="the edges must be kept, too: empty batch, NaN, infinity, subnormal numbers ...",
    )


def options_of(args: argparse.Namespace) -> Options:
    """The options that were given."""
    cases, golden = getattr(args, "case", None), getattr(args, "golden", None)
    tier = getattr(args, "tier", "smoke")
    refuse_both(golden, tier=tier)
    return Options(
        tier=tier or STANDARD,
        golden=golden,
        cases=None if cases is None else tuple(cases),
        dtype=getattr(args, "dtype", None),
        dialect=parse_dialect(args.dialect) or None,
        arrays=args.arrays,
        timeout=args.timeout,
        memory_gib=args.memory_gib,
        budget=args.budget,
        fresh=not getattr(args, "no_fresh", True),
        fresh_seed=getattr(args, "fresh_seed", None),
        soak=getattr(args, "soak", 0.0),
        declare=parse_declared(args.declare)
        | ({"signature": args.signature} if args.signature else {}),
        where=tuple(args.where),
        known_failures=getattr(args, "known_failures", None),
        rule=Rule(
            minimum_grade=getattr(args, "minimum_grade", "B"),
            strict=getattr(args, "strict", False),
        ),
    )
