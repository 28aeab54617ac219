"""From ``path.py:object`` or ``module:object`` to the object; a near miss is answered."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pickle
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from conformance import documents
from conformance.errors import AdapterError
from conformance.harness import search_path

PICKLED = "pickle:"
"""How the selector of an object begins that only another Python process can name."""


_LARGEST = 1 << 30
"""Bytes of a pickle."""


def find(selector: str) -> object:
    """The object that a selector names; this runs its module.

    Args:
        selector: ``path.py:object``, ``module:object`` or ``pickle:FILE``.  A file or module
            that defines one function or class alone need not name it.

    Raises:
        AdapterError: there is no such file, module or object, or importing it failed.
    """
    if selector.startswith(PICKLED):
        file = Path(selector[len(PICKLED) :])
        return _loaded(selector, lambda: pickle.loads(documents.read_bytes(file, _LARGEST)))  # noqa: S301 - written by this user's own process a moment ago
    where, name = split(selector)
    module = _module(where, selector)
    if name is None:
        return _only(module, where)
    found: object = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise AdapterError(_no_such(where, name, part, found))
        found = getattr(found, part)
    return found


def split(selector: str) -> tuple[str, str | None]:
    """The file or module, and the object in it or None."""
    file, dot_py, rest = selector.rpartition(".py")
    if dot_py and (not rest or rest.startswith(":")):
        return file + dot_py, rest.removeprefix(":") or None
    where, _, name = selector.partition(":")
    return where, name or None


def file_of(selector: str) -> Path | None:
    """The file that a selector names, if it names one."""
    where, _ = split(selector)
    return Path(where) if where.endswith(".py") else None


def _module(where: str, selector: str) -> ModuleType:
    if where.endswith(".py"):
        return _from_file(Path(where), selector)
    search_path.add_beside(os.getcwd())  # noqa: PTH109 - the interpreter's own form of this entry
    module: ModuleType = _loaded(selector, lambda: importlib.import_module(where), Path.cwd())
    return module


def _from_file(file: Path, selector: str) -> ModuleType:
    if not file.is_file():
        near = get_close_matches(file.name, [p.name for p in file.parent.glob("*.py")], n=1)
        hint = f" Did you mean {file.with_name(near[0])}?" if near else ""
        raise AdapterError(f"there is no file {file}.{hint} Give it as path.py:function.")
    resolved = file.resolve()
    # Its neighbours are importable, nearly as when it is run as a script.
    search_path.add_beside(str(resolved.parent))
    free = file.stem not in sys.modules and not search_path.is_standard(file.stem)
    name = file.stem if file.stem.isidentifier() and free else "kernel_file"
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise AdapterError(f"{file} cannot be loaded as Python. Give a file that can.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader = spec.loader
    _loaded(selector, lambda: loader.exec_module(module), resolved.parent)
    return module


def _loaded(selector: str, load: Callable[[], Any], beside: Path | None = None) -> Any:
    try:
        return load()
    except ModuleNotFoundError as error:
        raise AdapterError(
            f"{selector} needs the module {error.name!r}, which is not found. "
            f"Install it, or start from the folder that holds it.{_hidden(beside)}"
        ) from error
    except (Exception, SystemExit) as error:
        raise AdapterError(
            f"{selector} could not be imported: {type(error).__name__}: {error}. "
            f"Make the module importable without running anything.{_hidden(beside)}"
        ) from error


def _hidden(beside: Path | None) -> str:
    """What a kernel may have meant to import, and cannot."""
    names = search_path.hidden(beside) if beside else []
    told = ", ".join(f"{name}.py" for name in names)
    return told and (
        f" Beside it, {told} is not imported: the standard library has modules of that name. "
        "Rename it."
    )


def _own(module: ModuleType) -> dict[str, object]:
    """The public functions and classes that a module defines itself."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }


def _only(module: ModuleType, where: str) -> object:
    own = _own(module)
    chosen = own if len(own) == 1 else {n: v for n, v in own.items() if n == "batch_norm"}
    if len(chosen) == 1:
        return next(iter(chosen.values()))
    raise AdapterError(
        f"{where} defines {', '.join(own) or 'no public function or class'}: one kernel was "
        f"wanted. Name it, such as {where}:{next(iter(own), 'batch_norm')}."
    )


def _no_such(where: str, name: str, part: str, holder: object) -> str:
    own = list(_own(holder)) if isinstance(holder, ModuleType) else dir(holder)
    near = get_close_matches(part, [n for n in own if not n.startswith("_")], n=1, cutoff=0.5)
    hint = f"Did you mean {where}:{near[0]}? " if near else ""
    there = ", ".join(own) if isinstance(holder, ModuleType) else ""
    return f"{where} has no {name!r}. {hint}" + (
        f"It defines {there or 'no function or class'}." if isinstance(holder, ModuleType) else ""
    )
