"""What a kernel consists of: its own file and whatever that imports, found without running any.

Imports are read from the source and looked for as a worker does: beside the kernel, then along
``sys.path``.  What is neither the standard library's nor an installed distribution's is a file of
the kernel, and is followed; installed distributions are told by name and version.  Where a file
imports by names that it computes, every module that lies beside the kernel counts as imported.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from conformance import documents
from conformance.harness import search_path

_OURS = "conformance"
_IMPORTS = frozenset({"import_module", "__import__"})
_RUNS = frozenset({"exec", "eval", "compile"})
_LOADS = frozenset(
    {"run_path", "run_module", "spec_from_file_location", "SourceFileLoader", "ExtensionFileLoader"}
)
_SUFFIXES = frozenset({".py", ".pyd", ".so", ".dylib", ".dll"})
_LARGEST = 4 << 30
"""Bytes of one file."""

_MOST = 2000
"""Files of a kernel; more are a folder that was named by mistake."""


@dataclass(frozen=True, kw_only=True)
class Closure:
    """The files of a kernel, and what it takes from others.

    Attributes:
        files: Their names, below where they were found, to their SHA-256 in hex.
        installed: Top-level names of modules that are installed and that it imports.
        unread: Files whose imports could not be read, and why; what they import is not known.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    installed: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()

    @property
    def digest(self) -> str | None:
        """SHA-256 over names and digests of all files; None where none is known."""
        return digest(self.files) if self.files else None

    @cached_property
    def distributions(self) -> dict[str, str]:
        """Installed distributions that it imports, with their versions."""
        if not self.installed:
            return {}
        with search_path.neighbours_last():
            from importlib import metadata  # noqa: PLC0415 - half as long as numpy takes
        known = metadata.packages_distributions()
        names = {name for top in self.installed for name in known.get(top, ())}
        return {name: metadata.version(name) for name in sorted(names)}


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over names and digests of files, in any order."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def sha256(content: bytes) -> str:
    """The digest of a file's content, in hex."""
    return hashlib.sha256(content).hexdigest()


def of_source(source: bytes) -> Closure:
    """A kernel that has no file but a text, as in a notebook: what it uses is not followed."""
    if not source:
        return Closure()
    files = {"source": sha256(source)}
    return Closure(files=files, unread=("source: it is no file",))


def of_files(files: Iterable[Path], *, follow: bool = True) -> Closure:
    """The kernel whose own files these are, and all that they import.

    Args:
        files: Its own files.
        follow: Whether imports are followed.
    """
    importlib.invalidate_caches()
    walk = _Walk(follows=follow)
    for file in files:
        walk.take(file.name, file, str(file.resolve().parent))
    return walk.found()


def of_module(name: str) -> Closure:
    """The kernel that is an importable module, and all that it imports."""
    importlib.invalidate_caches()
    walk = _Walk()
    walk.follow(name, os.getcwd())  # noqa: PTH109 - as `find` has it
    own = locate(name)
    if own is not None and not walk.files:  # installed: itself all the same, and no more
        return Closure(
            files=of_files([own], follow=False).files, installed=frozenset({name.partition(".")[0]})
        )
    return walk.found()


def locate(name: str) -> Path | None:
    """The file of an importable module; no module is run for it, nor its packages."""
    places = [os.getcwd(), *sys.path]  # noqa: PTH109 - as `find` has it
    specs = list(_specs(name, places))
    origin = specs[-1].origin if specs and len(specs) == name.count(".") + 1 else None
    return Path(origin) if origin and Path(origin).is_file() else None


class _Walk:
    """The way through imports, each file once."""

    def __init__(self, *, follows: bool = True) -> None:
        self._follows = follows
        self.files: dict[str, str] = {}
        self._seen: set[Path] = set()
        self._installed: set[str] = set()
        self._unread: list[str] = []

    def found(self) -> Closure:
        files = dict(sorted(self.files.items()))
        return Closure(
            files=files, installed=frozenset(self._installed), unread=tuple(sorted(self._unread))
        )

    def take(self, name: str, file: Path, beside: str, package: str = "") -> None:
        """Count a file, and follow what it imports if it is Python."""
        place = file.resolve()
        if place in self._seen:
            return
        self._seen.add(place)
        if len(self._seen) > _MOST:
            self._unread.append(f"{name}: it is one of more than {_MOST} files")
            return
        try:
            content = documents.read_bytes(place, _LARGEST)
        except ValueError as error:
            self._unread.append(f"{name}: {error}")
            return
        self.files[self._unused(name)] = sha256(content)
        if place.suffix != ".py" or not self._follows:
            return
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            self._unread.append(f"{name}: {type(error).__name__}")
            return
        for wanted in _imports(tree, package):
            self.follow(wanted, beside)
        if _computes(tree):
            self._take_neighbours(beside)

    def _unused(self, name: str) -> str:
        number = 1
        unused = name
        while unused in self.files:
            number += 1
            unused = f"{name}~{number}"
        return unused

    def follow(self, name: str, beside: str) -> None:
        """Take the files of a module and of the packages that it is in."""
        top = name.partition(".")[0]
        if top == _OURS or search_path.is_standard(top):
            return
        own = [beside, *search_path.own(sys.path)]
        specs = list(_specs(name, own))
        if not specs:
            if next(_specs(top, sys.path), None) is not None:
                self._installed.add(top)
            return
        for spec in specs:
            file = _file(spec)
            if file is not None:
                is_package = spec.submodule_search_locations is not None
                package = spec.name if is_package else spec.name.rpartition(".")[0]
                self.take(_named(file, spec.name), file, beside, package)

    def _take_neighbours(self, beside: str) -> None:
        """Whatever a computed name may mean: every module in the folder and below."""
        folder = Path(beside)
        for file in sorted(folder.rglob("*"))[: 10 * _MOST]:
            hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
            if file.suffix in _SUFFIXES and not hidden and file.is_file():
                self.take(file.relative_to(folder).as_posix(), file, beside)


def _specs(name: str, places: Iterable[str]) -> Iterator[ModuleSpec]:
    """What a module and each package that it is in would be loaded from; nothing is loaded."""
    where: list[str] = list(places)
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        try:
            spec = PathFinder.find_spec(".".join(parts[:count]), where)
        except (ImportError, OSError, ValueError, AttributeError):
            return
        if spec is None:
            return
        yield spec
        where = list(spec.submodule_search_locations or ())


def _file(spec: ModuleSpec) -> Path | None:
    """The file of a module: itself, or the archive that it lies in; None for a bare folder."""
    if not spec.origin:
        return None
    place = Path(spec.origin)
    return next((each for each in (place, *place.parents) if each.is_file()), None)


def _named(file: Path, module: str) -> str:
    """The file below the place where its module was found, such as ``pkg/part.py``."""
    depth = module.count(".") + 1 + (file.stem == "__init__")
    return "/".join(file.parts[-depth:])


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Names that a module imports, wherever it does; of ``from a import b`` also ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".") if package else []
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in _IMPORTS and _told(node):
            yield _told(node)


def _computes(tree: ast.AST) -> bool:
    """Whether a module may import what cannot be read from its source."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            runs = name in _RUNS and isinstance(node.func, ast.Name)  # a module has eval() too
            if runs or name in _LOADS or (name in _IMPORTS and not _told(node)):
                return True
    return False


def _told(node: ast.Call) -> str:
    """The name that a call imports, if it stands there."""
    first = node.args[0] if node.args else None
    is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
    name = first.value if is_text else ""  # type: ignore[union-attr]  # it is a Constant then
    return name if isinstance(name, str) and not name.startswith(".") else ""


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
