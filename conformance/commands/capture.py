"""``conformance capture``: what the batch normalizations of a model see, as golden files."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.commands.arguments import whole
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.errors import AdapterError, ConformanceError

if TYPE_CHECKING:
    from conformance.capture.report import Report

MOST_VALUES = 1 << 20
"""That of `conformance.capture.choice`, which takes numpy to load."""

_EXAMPLE = f"""\
example:
  conformance capture train.py:prepare --out captured
  conformance capture train.py:prepare --layers 'layer1.*' --steps 0,3 --out captured
  conformance check my_kernel.py:batch_norm --golden captured

The function takes nothing and returns the model and what makes one step of training or testing:

  def prepare():
      model = ...                       # a torch.nn.Module, a Keras model, a Flax module
      def step():                       # forward, and backward where gradients are wanted
          ...
      return model, step

It runs in this process, as your own program would.

exit status: 0 captured, and no output of the framework is wrong, 1 captured, and one is,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``capture`` to the command line."""
    parser = subparsers.add_parser(
        "capture",
        help="make golden files of what a model's batch normalizations see",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("function", metavar="FUNCTION", help="path.py:function or module:function")
    parser.add_argument(
        "--layers",
        action="append",
        metavar="GLOB",
        help="names of layers, such as 'layer1.*'; repeatable (default: all)",
    )
    parser.add_argument(
        "--steps",
        type=_steps,
        default=(0,),
        metavar="N,N,...",
        help="which steps are captured, from 0; those between are run (default: 0)",
    )
    parser.add_argument(
        "--most-values",
        type=whole("values of x", 1),
        default=MOST_VALUES,
        metavar="N",
        help="values of x that are kept of all calls; the largest go first (default: "
        f"{MOST_VALUES})",
    )
    parser.add_argument(
        "--channels",
        type=whole("channels", 1),
        metavar="N",
        help="keep so many whole channels of each call, evenly spread (default: all)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a new folder for what is captured",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.set_defaults(run=run)


def _steps(text: str) -> tuple[int, ...]:
    read = whole("a step", 0)
    return tuple(read(part.strip()) for part in text.split(","))


def run(args: argparse.Namespace) -> int:
    """Capture; see the module's text."""
    from conformance.capture import folder  # noqa: PLC0415 - help does not wait for it

    folder.require_new(args.out)
    report = folder.write(_captured(args), args.out)
    if args.format == "json":
        print(report.to_json())
    else:
        print(report)
        print(f"wrote {args.out}: golden files with digest {report.digest}")
    return DOES_NOT if report.wrong else CONFORMS


def _captured(args: argparse.Namespace) -> Report:
    """Run the steps of the function's model, and answer what was captured."""
    from conformance.capture import capturing  # noqa: PLC0415 - see run
    from conformance.harness.kernels.find import find  # noqa: PLC0415 - the same

    model, step = _prepared(find(args.function), args.function)
    with capturing(
        model,
        layers=tuple(args.layers or ("*",)),
        steps=args.steps,
        most_values=args.most_values,
        channels=args.channels,
    ) as capture:
        for _ in range(max(args.steps) + 1):
            _asked(step, args.function, "its step")
            capture.next_step()
    return capture.report(_said)


def _prepared(function: object, name: str) -> tuple[Any, Callable[[], object]]:
    """The model and the step that a function gives.

    Raises:
        AdapterError: it is no function, or gives anything else.
    """
    if not callable(function):
        raise AdapterError(f"{name} is {type(function).__name__}, a function was wanted.")
    given = _asked(function, name, "it")
    if isinstance(given, tuple) and len(given) == 2 and callable(given[1]):  # noqa: PLR2004 - a pair
        return given[0], given[1]
    raise AdapterError(
        f"{name} returned {type(given).__name__}, a model and a function that makes one step were "
        "wanted. End it with: return model, step"
    )


def _asked(act: Callable[[], object], name: str, what: str) -> object:
    """What a user's function returns.

    Raises:
        AdapterError: it raises; its own traceback is printed.
    """
    try:
        return act()
    except ConformanceError:
        raise
    except Exception as error:
        traceback.print_exc()
        raise AdapterError(
            f"{name}: {what} raised {type(error).__name__}: {error}. It is run as your own program "
            "would; see the lines above."
        ) from error


def _said(done: int, total: int) -> None:
    """How far solving has come, where somebody looks on."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rsolved and proven: {done} of {total}", end=end, file=sys.stderr, flush=True)
