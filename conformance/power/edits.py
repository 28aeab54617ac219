"""Single edits of a statement: every place where an operator fits, and the text that results."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from conformance.power.operators import OPERATORS, Scope, kind

_CONTEXT = 60
"""Characters of an unchanged line that are shown on either side of an edit."""

_SKIPPED = frozenset({"annotation", "returns", "args", "decorator_list", "type_params", "ctx"})
"""Fields of a syntax tree that hold no formula; ``args`` those of a function's signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit of a statement.

    Attributes:
        function: Name of the function around it; of the statement where there is none.
        operator: The rule that made it.
        line: Its line in the module.
        lines: The changed line, before and after.
        source: The whole statement, after.
    """

    function: str
    operator: str
    line: int
    lines: tuple[str, str]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A node that can be replaced, and what surrounds it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    function: ast.FunctionDef | None

    @contextmanager
    def holding(self, node: ast.AST) -> Iterator[None]:
        """Put another node in the place, for a while."""
        self._put(node)
        try:
            yield
        finally:
            self._put(self.node)

    def _put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def edits(statement: ast.stmt, name: str, keys: tuple[str, ...]) -> Iterator[Edit]:
    """Every edit of a top-level statement, in the order of its nodes and of the operators.

    Args:
        statement: A function, a class or an assignment; it is as before when all are made.
        name: What it defines.
        keys: Keys of the cache in its module.
    """
    before = ast.unparse(statement)
    for place in _places(statement, statement, None):
        scope = _scope(place, keys)
        for operator, propose in OPERATORS.items():
            for node in propose(place.node, scope):
                old = _lines(place.statement)
                with place.holding(node):
                    source = ast.unparse(statement)
                    # A dropped statement is no longer the one that the place was found in.
                    new = _lines(node if place.node is place.statement else place.statement)
                if source != before:
                    yield Edit(
                        function=place.function.name if place.function else name,
                        operator=operator,
                        line=getattr(place.node, "lineno", place.statement.lineno),
                        lines=_changed(old, new),
                        source=source,
                    )


def normal_form(source: str) -> str:
    """A text that is the same for statements that differ by a factor or an exponent of one."""
    return ast.dump(_Plain().visit(ast.parse(source)))


def outline(function: ast.stmt, keys: tuple[str, ...]) -> str:
    """A text that is the same for functions that differ in their own names and keys alone."""
    copy = ast.parse(ast.unparse(function))
    local = {a.arg for n in ast.walk(copy) if isinstance(n, ast.FunctionDef) for a in n.args.args}
    local |= {name for n in ast.walk(copy) if isinstance(n, ast.stmt) for name in _stored(n)}
    numbers: dict[str, str] = {}
    for node in ast.walk(copy):
        match node:
            case ast.arg(arg=name):
                node.arg = numbers.setdefault(name, f"v{len(numbers)}")
            case ast.Name(id=name) if name in local:
                node.id = numbers.setdefault(name, f"v{len(numbers)}")
            case ast.Constant(value=str(key)) if key in keys:
                node.value = numbers.setdefault(f"{key!r}", f"k{len(numbers)}")
    return ast.dump(copy)


def cache_keys(tree: ast.Module) -> tuple[str, ...]:
    """Keys of the dictionaries that forward hands to backward: those with a bare name each."""
    keys: dict[str, None] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="cache")], value=ast.Dict(keys=found)):
                keys |= dict.fromkeys(_strings(found))
            case ast.Return(value=ast.Tuple(elts=[_, ast.Dict(keys=found)])):
                keys |= dict.fromkeys(_strings(found))
    return tuple(keys)


def _strings(nodes: list[ast.expr | None]) -> list[str]:
    return [str(n.value) for n in nodes if isinstance(n, ast.Constant)]


def _places(
    parent: ast.AST, statement: ast.stmt, function: ast.FunctionDef | None
) -> Iterator[_Place]:
    """Every node below `parent` that an operator may replace, depth first in source order."""
    if isinstance(parent, ast.stmt):
        statement = parent
    if isinstance(parent, ast.FunctionDef):
        function = parent
    for field, held in ast.iter_fields(parent):
        if field in _SKIPPED and not isinstance(parent, ast.Call):
            continue
        for index, node in enumerate(held) if isinstance(held, list) else [(None, held)]:
            if isinstance(node, ast.AST) and not _is_formal(node):
                here = node if isinstance(node, ast.stmt) else statement
                yield _Place(
                    parent=parent,
                    field=field,
                    index=index,
                    node=node,
                    statement=here,
                    function=function,
                )
                yield from _places(node, here, function)


def _is_formal(node: ast.AST) -> bool:
    """Docstrings, guards that raise, and what says how an array is made, not what is in it."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.If(body=[ast.Raise()]):
            return True
        case ast.keyword(arg="copy"):
            return True
        case ast.Call(func=ast.Attribute(attr="ones_like" | "zeros_like")):
            return True
    return False


def _scope(place: _Place, keys: tuple[str, ...]) -> Scope:
    if place.function is None:
        return Scope(before=(), after=(), keys=(), bound=frozenset())
    bound = {argument.arg for argument in place.function.args.args}
    for node in ast.walk(place.function):
        if isinstance(node, ast.stmt) and node.lineno < place.statement.lineno:
            bound.update(_stored(node))
    nodes = [p.node for p in _places(place.function, place.statement, None) if kind(p.node)]
    read = [n for n in nodes if isinstance(getattr(n, "ctx", None), ast.Load)]
    operands = [n for n in read if isinstance(n, ast.expr) and _roots(n) <= bound]
    at = next((i for i, n in enumerate(operands) if n is place.node), len(operands))
    return Scope(
        before=tuple(operands[:at][::-1]),
        after=tuple(operands[at + 1 :]),
        keys=keys,
        bound=frozenset(bound),
    )


def _roots(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _stored(statement: ast.stmt) -> list[str]:
    targets: list[Any] = getattr(statement, "targets", [])
    nodes = [n for target in targets for n in ast.walk(target)]
    return [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _common(a: str, b: str) -> int:
    """Length of what two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))


def _changed(old: list[str], new: list[str]) -> tuple[str, str]:
    """The first line that differs, without what a long one has in common far from the edit."""
    a, b = next((a, b) for a, b in zip(old, new, strict=False) if a != b)
    same = _common(a, b)
    tail = _common(a[same:][::-1], b[same:][::-1])

    def excerpt(line: str) -> str:
        start, end = max(same - _CONTEXT, 0), max(len(line) - max(tail - _CONTEXT, 0), same)
        return "..." * (start > 0) + line[start:end] + "..." * (end < len(line))

    return excerpt(a), excerpt(b)


def _lines(node: ast.AST) -> list[str]:
    return [line.strip() for line in ast.unparse(node).splitlines()]


class _Plain(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Mult(), right=kept):
                return kept
            case ast.BinOp(
                left=kept, op=ast.Mult() | ast.Div() | ast.Pow(), right=ast.Constant(value=1)
            ):
                return kept
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=kept)):
                return kept
        return node
