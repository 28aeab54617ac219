"""What ``conformance generate`` does with problems of a user's own."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from conformance.commands.arguments import whole
from conformance.commands.exits import CONFORMS, DOES_NOT
from conformance.errors import RecipeError, UnprovenError

SHOWN = 40
"""Differences that are printed one by one."""

_SAID_EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal."""

_DRAWN = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
_CHOICES = (*_DRAWN, "types", "mode", "eps", "momentum", "memory", "seed")
_ONE = ("id", "catches", "earlier", "count")
_OF_ARRAYS = frozenset({"axis", "types", "mode", "eps", "momentum", "memory"})
"""What may be said of given arrays."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say a problem."""
    parser.add_argument(
        "recipe", nargs="?", type=Path, metavar="RECIPE", help="a .toml file that says problems"
    )
    group = parser.add_argument_group(
        "problems of your own", "or arrays of your own; what is given twice is a choice"
    )
    group.add_argument("--arrays", action="append", type=Path, metavar="PATH", help=_ARRAYS)
    group.add_argument("--shape", action="append", type=_sizes, metavar="N,C,...")
    group.add_argument("--axis", action="append", type=_axis, help="1, -1, NHWC, or 1,2,3")
    group.add_argument("--types", action="append", help="such as float32 or bfloat16+float32")
    group.add_argument("--mode", action="append", help="train, test or both")
    for name in _DRAWN:
        group.add_argument(f"--{name.replace('_', '-')}", action="append", metavar="WORD")
    for name in ("eps", "momentum"):
        group.add_argument(f"--{name}", action="append", type=float, metavar="NUMBER")
    group.add_argument("--memory", action="append", help="how arrays lie, such as strided")
    group.add_argument("--seed", action="append", type=int, metavar="NUMBER")
    group.add_argument("--count", type=whole("seeds", 1), help="how many seeds from there on")
    group.add_argument("--earlier", type=whole("batches", 0), help="batches before x")
    group.add_argument("--name", help="what the golden file is called (default: own)")
    group.add_argument("--id", help="what the cases are called")
    group.add_argument("--catches", metavar="TEXT", help="the mistake that they show")
    group.add_argument("--about", metavar="TEXT", help="what the file is for")


_ARRAYS = ".npz, .h5, .safetensors, a folder of .npy files or of raw arrays with arrays.json"


def asked(args: argparse.Namespace) -> list[str]:
    """The arguments that say a problem, as they are written."""
    named = ("arrays", "shape", "axis", *_CHOICES, *_ONE, "name", "about")
    found = [f"--{n.replace('_', '-')}" for n in named if getattr(args, n) is not None]
    return [str(args.recipe), *found] if args.recipe else found


def run(args: argparse.Namespace) -> int:
    """Write the golden files of what was asked for; returns the exit status."""
    if args.out is None:
        raise RecipeError(
            "no folder was given, one was wanted for golden files of your own. Write: --out FOLDER"
        )
    _require_one(args)
    begun = perf_counter()
    with progress("solving, proving and writing") as tell:
        try:
            done = _made(args, tell)
        except UnprovenError as error:
            return report("wrote", 0, 0, str(error).splitlines(), spent=_since(begun))
    status = report("wrote", len(done.cases), done.proven, [], spent=_since(begun))
    print(f"{done.folder}: digest {done.digest}")
    return status


def verify(folder: Path) -> int:
    """Verify golden files that are not the catalogue's; returns the exit status."""
    from conformance.cases.own.verifying import verify as verified  # noqa: PLC0415 - `--help` waits

    begun = perf_counter()
    with progress("solving and proving") as tell:
        found = verified(folder, tell=tell)
    return report("verified", found.cases, found.proven, found.wrong, spent=_since(begun))


def _since(begun: float) -> str:
    return f"{perf_counter() - begun:.1f} s"


def _require_one(args: argparse.Namespace) -> None:
    ways = {"a recipe": args.recipe, "--shape": args.shape, "--arrays": args.arrays}
    given = [name for name, said in ways.items() if said]
    words = asked(args)
    if len(given) != 1:
        raise RecipeError(
            f"{' and '.join(given) or words[0]} was found, one of a recipe, --shape and --arrays "
            "was wanted. Give the problem by one of them."
        )
    allowed: set[str] = {"--shape", "--arrays", *words} if args.shape else set()
    if args.arrays:
        allowed = {"--arrays", "--name", "--about", *(f"--{name}" for name in _OF_ARRAYS)}
    strays = [word for word in words if word not in {*allowed, str(args.recipe)}]
    if strays:
        raise RecipeError(
            f"{strays[0]} was found beside {given[0]}, which says that itself. Leave it out."
        )


def _made(args: argparse.Namespace, tell: Callable[[int, int, str], None]) -> Any:
    # Here and not above, so that other commands and `--help` do not wait for the oracle.
    from conformance.cases.own import generate, given, recipes  # noqa: PLC0415 - see above

    if args.recipe:
        return generate.from_recipe(recipes.read(args.recipe), args.out, tell=tell)
    if args.shape:
        return generate.from_recipe(_recipe(args), args.out, tell=tell)
    name = recipes.NAME if args.name is None else args.name
    recipes.require_told(name, "told" if args.about is None else args.about)
    drafts = given.from_files(args.arrays, name, _said(args, given.Said))
    return generate.from_drafts(drafts, args.out, name=name, about=args.about, tell=tell)


def _recipe(args: argparse.Namespace) -> dict[str, Any]:
    """The recipe that the arguments say."""
    problem: dict[str, Any] = {"shape": args.shape}
    if args.axis is not None:
        problem["axis"] = args.axis if len(args.axis) > 1 else args.axis[0]
    for name in (*_CHOICES, *_ONE):
        if getattr(args, name) is not None:
            problem[name] = getattr(args, name)
    top = {n: getattr(args, n) for n in ("name", "about") if getattr(args, n) is not None}
    return {**top, "problem": [problem]}


def _said(args: argparse.Namespace, make: Callable[..., Any]) -> Any:
    """What the arguments say of given arrays."""
    said = {}
    for name in sorted(_OF_ARRAYS):
        values = getattr(args, name)
        if values is not None and len(values) > 1:
            raise RecipeError(
                f"--{name} was given {len(values)} times with --arrays, once was wanted. Leave "
                "all but one out."
            )
        if values is not None:
            said[name] = values[0]
    return make(**said)


def _sizes(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} was found, sizes such as 32,64,56,56 were wanted"
        ) from None


def _axis(text: str) -> Any:
    try:
        numbers = _sizes(text)
    except argparse.ArgumentTypeError:
        return text
    return numbers if len(numbers) > 1 else numbers[0]


@contextmanager
def progress(stage: str) -> Iterator[Callable[[int, int, str], None]]:
    """How far it has come, on standard error: a bar in a terminal, elsewhere a line at times."""
    from rich.progress import Progress  # noqa: PLC0415 - `--help` does not wait for it

    from conformance.commands.console import drawn  # noqa: PLC0415 - the same

    console = drawn(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task, said = bar.add_task(stage, total=None), [-_SAID_EVERY]

        def tell(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{stage} {name}")
            if not console.is_terminal and monotonic() - said[0] >= _SAID_EVERY:
                said[0] = monotonic()
                print(f"{stage} {name}, {done + 1} of {total}", file=sys.stderr, flush=True)

        yield tell


def report(
    done: str, cases: int, proven: int, wrong: list[str], *, spent: str, shown: int = SHOWN
) -> int:
    """Print what became of golden files; returns the exit status.

    Args:
        done: What was to be done, such as ``"verified"``.
        cases: How many cases there are.
        proven: How many of their values are proven.
        wrong: A line for each difference.
        spent: The time that it took.
        shown: How many differences are printed one by one.
    """
    for line in wrong[:shown]:
        print(line)
    if len(wrong) > shown:
        print(f"... and {len(wrong) - shown} more")
    verdict = f"{len(wrong)} differences: NOT {done}" if wrong else done
    print(f"{verdict}: {cases} cases, {proven} values proven ({spent})")
    return DOES_NOT if wrong else CONFORMS
