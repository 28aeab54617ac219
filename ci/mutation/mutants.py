"""Which mutants there are: each is a module with one small edit, made by cosmic-ray."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from mutation.key import Key

Place: TypeAlias = tuple[int, int]
"""Line and column, from 1 and from 0."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A key, and the whole text of the module with the edit."""

    key: Key
    source: str


def mutants(root: Path, module: str, operators: Iterable[str]) -> Iterator[Mutant]:
    """Every mutant of a module, equal ones once.

    Args:
        root: The checkout.
        module: The file, from there on.
        operators: Names of cosmic-ray's operators.
    """
    source = (root / module).read_text(encoding="utf-8")
    ignored, met = _of_no_effect(source), {source}
    for chunk in get_ast(source).children:
        line, _ = chunk.get_start_pos_of_prefix()
        before = "".join(source.splitlines(keepends=True)[: line - 1])
        text = chunk.get_code()
        after = source[len(before) + len(text) :]
        for where, place, edited in _edits(text, operators):
            whole = f"{before}{edited}{after}"
            start = (place[0] + line - 1, place[1])
            if whole in met or any(begin <= start < end for begin, end in ignored):
                continue
            met.add(whole)
            yield Mutant(Key(module, where, *_changed(text, edited)), whole)


def _edits(text: str, operators: Iterable[str]) -> Iterator[tuple[str, Place, str]]:
    """Each edit of a part of a module: in which definition, where, and the text that it makes."""
    tree = get_ast(text)
    for name in operators:
        operator = get_operator(f"core/{name}")()
        edits = (
            (node, start)
            for node in ast_nodes(tree)
            for start, _ in operator.mutation_positions(node)
        )
        for occurrence, (node, start) in enumerate(edits):
            if not _is_star(node):
                where = ASTQuery(node).get_definition_name() or ""
                yield where, start, mutate_code(text, operator, occurrence)


def _is_star(node: Any) -> bool:
    """Whether it is the star of ``f(*, x)`` or ``{**x}``, which cosmic-ray takes for arithmetic."""
    arithmetic = {"arith_expr", "term", "power", "expr", "and_expr", "comparison", "factor"}
    return bool(node.type == "operator" and node.parent.type not in arithmetic)


def _changed(source: str, edited: str) -> tuple[str, str]:
    """The lines that differ, each side in one."""
    lines = list(difflib.ndiff(source.splitlines(), edited.splitlines()))
    before, after = (
        " ".join(" ".join(line[2:] for line in lines if line.startswith(sign)).split())
        for sign in ("- ", "+ ")
    )
    return before, after


def _of_no_effect(source: str) -> list[tuple[Place, Place]]:
    """Annotations, which nobody evaluates, and the decorators of classes, which say their form."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign):
            found.append(node.annotation)
            if "TypeAlias" in ast.unparse(node.annotation) and node.value:
                found.append(node.value)
        elif isinstance(node, ast.arg) and node.annotation:
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns:
            found.append(node.returns)
        elif isinstance(node, ast.ClassDef):
            found += node.decorator_list
    return [
        ((e.lineno, e.col_offset), (e.end_lineno or e.lineno, e.end_col_offset or 0)) for e in found
    ]
