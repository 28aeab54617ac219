"""``conformance new-adapter``: the folder of a new adapter, from a template that runs at once."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import keyword
import os
import re
from pathlib import Path

from conformance import adapter, places, scratch
from conformance.commands.exits import CONFORMS, TOLD
from conformance.errors import AdapterError

_TEMPLATE = Path(__file__).parent / "template"
_PLACEHOLDER = "NAME"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_KINDS = frozenset({"pinned", "newest", "gpu"})
"""What the environments of a column end in: no part of a name."""

_EXAMPLE = f"""\
example:
  conformance new-adapter my_framework
  conformance run my_framework/adapter.py

In a checkout of this project the folder is adapters/NAME there, and a column of the matrix at
once; elsewhere it is ./NAME.  The template is a batch normalization in numpy that passes; what
to replace in it is marked.

exit status: 0 written,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``new-adapter`` to the command line."""
    parser = subparsers.add_parser(
        "new-adapter",
        help="write the folder of a new adapter, which runs at once",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", metavar="NAME", help="of the adapter and its folder")
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="where the folder goes (default: see below)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the folder; see the module's text."""
    checkout = _checkout(Path.cwd()) if args.into is None else None
    _require_name(args.name, checkout)
    into = args.into or (Path() if checkout is None else checkout / "adapters")
    folder = _written(args.name, into)
    _print_next(args.name, folder, checkout)
    return CONFORMS


def _checkout(start: Path) -> Path | None:
    """The checkout of this project around a folder, if it lies in one."""
    marks = ("toxfile.py", "adapters", "conformance/adapter.py")
    around = (start, *start.parents)
    return next((p for p in around if all((p / mark).exists() for mark in marks)), None)


def _require_name(name: str, checkout: Path | None) -> None:
    """Refuse a name that no folder, module or column can have.

    Raises:
        AdapterError: the message says which.
    """
    wanted = "Lower-case letters, digits and single underscores were wanted, such as my_framework."
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise AdapterError(f"an adapter cannot be called {name!r}. {wanted}")
    if _KINDS & set(name.split("_")):
        raise AdapterError(
            f"an adapter cannot be called {name!r}: {', '.join(sorted(_KINDS))} tell columns of "
            "one adapter apart. Leave that part out."
        )
    if checkout is not None and f"[testenv:{name.replace('_', '-')}]" in _tox(checkout):
        raise AdapterError(
            f"an adapter cannot be called {name!r}: tox has an environment of that name for "
            "something else. Choose another."
        )
    if checkout is None and name in adapter.names():
        raise AdapterError(
            f"there is an adapter {name!r} in this installation, and a new one by that name could "
            "not be told from it. Choose another."
        )


def _tox(checkout: Path) -> str:
    return (checkout / "tox.ini").read_text(encoding="utf-8")


def _written(name: str, into: Path) -> Path:
    """Write the whole folder or nothing.

    Raises:
        AdapterError: something is there already.
    """
    folder = into / name
    if folder.exists() or folder.is_symlink():
        raise AdapterError(
            f"{folder} exists, and nothing is written over. Choose another name or remove it."
        )
    into.mkdir(parents=True, exist_ok=True)
    with scratch.folder(into) as beside:
        made = beside / name
        made.mkdir()
        for source in sorted(_TEMPLATE.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                target = made / str(source.relative_to(_TEMPLATE)).replace(_PLACEHOLDER, name)
                target.parent.mkdir(exist_ok=True)
                target.write_text(_filled(source, name), encoding="utf-8")
        os.rename(made, folder)  # noqa: PTH104 - it fails where a folder with files has come up
    return folder


def _filled(source: Path, name: str) -> str:
    text = source.read_text(encoding="utf-8")
    return re.sub(rf"\b{_PLACEHOLDER}\b|(?<=test_){_PLACEHOLDER}\b", name, text)


def _print_next(name: str, folder: Path, checkout: Path | None) -> None:
    command = f"conformance run {folder / 'adapter.py'}"
    file = folder / "adapter.py"
    if checkout is not None and places.folder("adapters") == checkout / "adapters":
        file, command = Path(name), f"conformance run {name}"
    print(f"written: {folder}")
    print("next:")
    print(f"  {command} --tier smoke    it passes as it is")
    print(f"  edit {folder / 'adapter.py'}: what to replace is marked with REPLACE")
    print(f"  conformance doctor {file}    whether the adapter itself is right")
    if checkout is not None:
        env = name.replace("_", "-")
        print(f"  tox run -e {env}    its column; nothing else names it")
    print("  docs/adapters.md tells what Inputs hold, and what to refuse and to declare")
