"""Every single-edit mutant of the textbook kernels, generated from their syntax trees.

A fault dictionary holds the faults that somebody thought of.  These are the others: each rule of
`conformance.power.operators`, applied wherever it fits, one edit at a time, to the derivations of
``adapters/textbook`` and to the arithmetic that they share in ``page.py``.  Nothing is thinned
out.  Left out are only edits that make the same code as another one, those of a function that
stands in an earlier module word for word, but for its names, and stillborn ones: what raises on an
ordinary batch in training mode or in test mode needs no suite to be found.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path as FilePath
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from conformance import adapter
from conformance.case import Inputs, Kernel
from conformance.power.edits import cache_keys, edits, normal_form, outline

SHARED_BY = "closed_form_means"
"""The path that runs the mutants of ``page.py``: it uses all of the arithmetic there."""

_ARITHMETIC = ("Batch", "unbiased_update", "_read")
"""What ``page.py`` computes with: sums, means, buffers, and the axes and the count of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A textbook kernel with one edit.

    Attributes:
        id: ``module:function:Lline:operator``, numbered where that is not unique.
        path: The textbook path that runs it; its dialect is the mutant's.
        operator: The rule that made it, a name in `OPERATORS`.
        line: Line of the edit in its module.
        edit: The changed line, before and after.
        module: File of the edit, without ``.py``.
        index: Place of the changed statement in the module's body.
        source: The changed statement.
    """

    id: str
    path: str
    operator: str
    line: int
    edit: tuple[str, str]
    module: str
    index: int = field(repr=False)
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A module of the textbook, and the path that runs each of its statements, by name."""

    name: str
    tree: ast.Module
    users: dict[str, str]


@cache
def mutants() -> tuple[Mutant, ...]:
    """All mutants, in the order of the paths, the lines and the operators."""
    seen: set[str] = set()
    found: list[Mutant] = []
    for text in _texts():
        names: dict[str, int] = {}
        for mutant in _of(text, seen):
            if not _stillborn(mutant):
                names[mutant.id] = names.get(mutant.id, 0) + 1
                number = f"#{names[mutant.id]}" if names[mutant.id] > 1 else ""
                found.append(replace(mutant, id=mutant.id + number))
    return tuple(found)


def kernel(mutant: Mutant, *, to_number: Callable[[Any], Any] = float) -> Kernel:
    """The kernel of a mutant: what its path runs, with the one edit.

    Args:
        mutant: One of `mutants`.
        to_number: What stands for ``float`` in ``page.py``, for arithmetic of another kind.
    """
    return _assembled(mutant.path, to_number, mutant)


def original(path: str, *, to_number: Callable[[Any], Any] = float) -> Kernel:
    """The kernel of a textbook path, without an edit."""
    return _assembled(path, to_number, None)


def _assembled(path: str, to_number: Callable[[Any], Any], mutant: Mutant | None) -> Kernel:
    home, constant = _homes()[path]
    edited = None if mutant is None else mutant.module
    page = _page(to_number)
    if edited == "page":
        page = _run("page", mutant, {"float": to_number})
    module = vars(_loaded(home)) if edited != home else _run(home, mutant, {})
    derivation = module[constant]
    if derivation.update is vars(_loaded("page"))["unbiased_update"]:
        derivation = replace(derivation, update=page["unbiased_update"])
    return partial(page["answer"], derivation)


@cache
def _page(to_number: Callable[[Any], Any]) -> dict[str, Any]:
    """The globals of ``page.py``, as loaded or with another ``float``."""
    loaded = vars(_loaded("page"))
    return loaded if to_number is float else _run("page", None, {"float": to_number})


def _run(name: str, mutant: Mutant | None, given: dict[str, Any]) -> dict[str, Any]:
    """The globals of a module of the textbook, run anew with or without an edit."""
    module = _loaded(name)
    # Under its own name and package its relative imports and its dataclasses work.
    space = {"__name__": module.__name__, "__package__": module.__package__, **given}
    exec(_compiled(name, mutant), space)  # noqa: S102 - the code is this package's own, edited by it
    return space


@cache
def _pieces(name: str) -> tuple[ast.Module, str]:
    file = str(_loaded(name).__file__)
    return ast.parse(FilePath(file).read_text("utf-8")), file


def _compiled(name: str, mutant: Mutant | None) -> CodeType:
    tree, file = _pieces(name)
    body = list(tree.body)
    if mutant is not None:
        body[mutant.index : mutant.index + 1] = ast.parse(mutant.source).body
    return compile(ast.Module(body, []), file, "exec", dont_inherit=True)


@cache
def _package() -> tuple[str, adapter.Adapter]:
    loaded = adapter.load("textbook")
    run = loaded.path(SHARED_BY).run
    assert isinstance(run, partial)  # noqa: S101 - the textbook's paths are partial(answer, ...)
    return run.func.__module__.rpartition(".")[0], loaded


def _loaded(name: str) -> ModuleType:
    return sys.modules[f"{_package()[0]}.{name}"]


@cache
def _homes() -> dict[str, tuple[str, str]]:
    """Module and constant of each path that is a derivation and nothing else."""
    package, loaded = _package()
    found = {}
    for path in loaded.paths:
        if isinstance(path.run, partial):
            (derivation,) = path.run.args
            for name, module in list(sys.modules.items()):
                if name.startswith(f"{package}."):
                    for constant, value in vars(module).items():
                        if value is derivation:
                            found[path.name] = (name.rpartition(".")[2], constant)
    return found


def _texts() -> list[_Text]:
    by_module: dict[str, dict[str, str]] = {}
    for path, (module, constant) in _homes().items():
        by_module.setdefault(module, {})[constant] = path
    texts = [
        _Text(name=name, tree=tree, users=_users(tree, constants))
        for name, constants in by_module.items()
        for tree in [_pieces(name)[0]]
    ]
    shared = dict.fromkeys(_ARITHMETIC, SHARED_BY)
    return [*texts, _Text(name="page", tree=_pieces("page")[0], users=shared)]


def _users(tree: ast.Module, constants: dict[str, str]) -> dict[str, str]:
    """Which path runs a function or a constant of its module.

    A function of several paths goes to the one that reads most of the cache: an entry that
    nobody reads can hold anything.
    """
    reads = {_name(s): {n.id for n in ast.walk(s) if isinstance(n, ast.Name)} for s in tree.body}
    keys = set(cache_keys(tree))
    claims: list[tuple[int, str, set[str]]] = []
    for constant, path in constants.items():
        reached: set[str] = set()
        ahead = {constant}
        while ahead:
            reached |= ahead
            ahead = {r for name in ahead for r in reads.get(name, ())} & reads.keys() - reached
        nodes = [n for s in tree.body if _name(s) in reached for n in ast.walk(s)]
        entries = [n.slice for n in nodes if isinstance(n, ast.Subscript)]
        read = {n.value for n in entries if isinstance(n, ast.Constant)}
        claims.append((len(read & keys), path, reached))
    users: dict[str, str] = {}
    for _, path, reached in sorted(claims, key=lambda claim: -claim[0]):
        users = dict.fromkeys(reached, path) | users
    return users


def _name(statement: ast.stmt) -> str:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""


def _of(text: _Text, seen: set[str]) -> Iterator[Mutant]:
    keys = cache_keys(text.tree)
    for index, statement in enumerate(text.tree.body):
        name = _name(statement)
        if name not in text.users or outline(statement, keys) in seen:
            continue
        seen.add(outline(statement, keys))
        seen.add(f"{text.name}:{normal_form(ast.unparse(statement))}")
        for edit in edits(statement, name, keys):
            key = f"{text.name}:{normal_form(edit.source)}"
            if key not in seen:
                seen.add(key)
                yield Mutant(
                    id=f"{text.name}:{edit.function}:L{edit.line}:{edit.operator}",
                    path=text.users[name],
                    operator=edit.operator,
                    line=edit.line,
                    edit=edit.lines,
                    module=text.name,
                    index=index,
                    source=edit.source,
                )


def _stillborn(mutant: Mutant) -> bool:
    return any(_raises(kernel(mutant), inputs) for inputs in _ordinary())


def _raises(run: Kernel, inputs: Inputs) -> bool:
    try:
        run(inputs)
    except Exception:  # noqa: BLE001 - whatever a mutant raises, it gives no answer
        return True
    return False


@cache
def _ordinary() -> tuple[Inputs, ...]:
    """A batch of images, for either mode; no two axes are of one length."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 4, 3, 2, 5))
    gamma, beta, mean, var = rng.uniform(0.5, 1.5, size=(4, 3))
    given = {"gamma": gamma, "beta": beta, "running_mean": mean, "running_var": var}
    return tuple(Inputs(x=x, dy=dy, training=training, **given) for training in (True, False))
