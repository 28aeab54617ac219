"""Mutation operators: the ways in which one line of batch normalization goes wrong.

An operator looks at one node of a syntax tree and proposes nodes to stand in its place.  Each
operator is a rule about formulas, and is applied wherever it fits: nothing here knows which of the
results the cases catch.

The operators are the project's own because those of mutation libraries are made for control flow.
The operators of cosmic-ray 8.7.0 that need no configuration propose 2169 edits of the five
derivations.  940 of them write a bitwise operator or a shift, which no float takes, and 376 write
``//`` or ``%``.  None drops a term, a factor or a root, changes an axis or a divisor, or reads
another array of the same shape.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import TypeAlias

BATCH = frozenset({"b", "batch", "self", "inputs"})
"""What the textbook calls the object that holds the inputs."""

_VALUES = (
    "x xmu sq xhat x_hat gammax out dy dout grad_output dgammax dxhat dx_hat dL_dxi_hat dxmu1 dsq "
    "dxmu2 dx1 dx2 dx dL_dxi inner through_sigma"
)
_STATISTICS = (
    "mu mean var variance sqrtvar std ivar gamma beta running_mean running_var divar dsqrtvar dvar "
    "dmu dsigma2 dL_dvar dL_davg dgamma dbeta limit new_mean new_var total average"
)
_SCALARS = "eps momentum m N B count"
KINDS = MappingProxyType(
    {
        name: kind
        for kind, names in (
            ("value", _VALUES),
            ("statistic", _STATISTICS),
            ("scalar", _SCALARS),
        )
        for name in names.split()
    }
)
"""Shape by name: one per element, one per channel, one per call.  Only like stands in for like."""

_OPPOSITE: Mapping[type[ast.operator], type[ast.operator]] = MappingProxyType(
    {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
)
_OPPOSITE_COMPARISON: Mapping[type[ast.cmpop], type[ast.cmpop]] = MappingProxyType(
    {ast.Eq: ast.NotEq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
)
_CONSTANTS: Mapping[float, tuple[float, ...]] = MappingProxyType(
    {0: (1,), 0.5: (1.0, 0.25), 1: (0, 2), 1.5: (0.5, 1.0, 2.5), 2: (1, 3, 4)}
)
_DIVISORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "N": ("{0}.N - 1", "{0}.N + 1", "{0}.x.shape[0]", "{0}.x.size", "{0}.gamma.size"),
        "count": ("{0}.count - 1", "{0}.count + 1", "{0}.x.shape[0]", "{0}.x.size"),
    }
)
"""N - 1, N + 1, the batch size, all elements, the channels."""

_AXES = ("{0}.axes[1:]", "{0}.axes[:-1]", "None")
"""The first axis forgotten, the last axis forgotten, every axis summed."""

_TWINS = MappingProxyType(
    {
        "forward": "forward_test",
        "forward_test": "forward",
        "backward": "backward_test",
        "backward_test": "backward",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What can be read at a place.

    Attributes:
        before: Operands that the function reads before the place, nearest first.
        after: Operands that it reads after the place and could read there, nearest first.
        keys: Keys of the cache.
        bound: Names that have a value there.
    """

    before: tuple[ast.expr, ...]
    after: tuple[ast.expr, ...]
    keys: tuple[str, ...]
    bound: frozenset[str]


Operator: TypeAlias = Callable[[ast.AST, Scope], Iterator[ast.AST]]


def kind(node: ast.AST) -> str | None:
    """Shape of an operand by its name: of ``mu``, ``b.x``, ``cache["var"]``; None for the rest."""
    match node:
        case ast.Name(id=name):
            return KINDS.get(name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in BATCH:
            # b.mean is a function, and inputs.x has the name x as well
            return None if (owner, name) == ("inputs", "x") or name == "mean" else KINDS.get(name)
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(name))):
            return KINDS.get(name)
    return None


def _drop_term(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (left, right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield from (left, _negative(right))
        case ast.AugAssign(target=target, value=value):
            yield ast.Assign(targets=[target], value=value, lineno=node.lineno)


def _drop_factor(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from (left, right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            yield from (left, ast.BinOp(ast.Constant(1.0), ast.Div(), right))
        case ast.BinOp(left=left, op=ast.Pow()):
            yield left


def _flip_sign(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    """Of a whole value, or by a minus that is lost; of a factor it would be the same."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Assign(targets=[ast.Name()] as targets, value=value):
            if isinstance(value, ast.BinOp | ast.Call):
                yield ast.Assign(targets, _negative(value), lineno=node.lineno)
        case ast.Dict(keys=keys, values=parts):
            for at, part in enumerate(parts):
                if isinstance(part, ast.BinOp | ast.Call):
                    yield ast.Dict(keys, [*parts[:at], _negative(part), *parts[at + 1 :]])


def _exchange_operator(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPPOSITE:
            yield ast.BinOp(left, _OPPOSITE[type(op)](), right)
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in _OPPOSITE:
            yield ast.AugAssign(target, _OPPOSITE[type(op)](), value, lineno=node.lineno)


def _swap_operands(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=ast.Sub() | ast.Div() | ast.Pow() as op, right=right):
            yield ast.BinOp(right, op, left)


def _swap_arguments(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    """Two neighbours of one kind, in a call or in a tuple that is read, change places."""
    match node:
        case ast.Call(args=given):
            for order in _neighbours(given):
                yield ast.Call(node.func, order, node.keywords)
        case ast.Tuple(elts=given, ctx=ast.Load()):
            for order in _neighbours(given):
                yield ast.Tuple(order, ast.Load())


def _replace_operand(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """By the operand of the same shape that is read just before; for the first, just after."""
    own = kind(node)
    if own is not None and isinstance(getattr(node, "ctx", None), ast.Load):
        written = ast.unparse(node)
        others = (*scope.before, *scope.after)
        yield from islice((n for n in others if kind(n) == own and ast.unparse(n) != written), 1)


def _replace_key(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """A key that stands alone: in an entry that is read, the whole operand is replaced."""
    match node:
        case ast.Tuple(elts=elements, ctx=ast.Load()):
            for at, element in enumerate(elements):
                if isinstance(element, ast.Constant) and element.value in scope.keys:
                    own = str(element.value)
                    for key in scope.keys:
                        if key != own and KINDS.get(key) == KINDS.get(own):
                            changed = [*elements[:at], ast.Constant(key), *elements[at + 1 :]]
                            yield ast.Tuple(changed, ast.Load())


def _change_constant(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from (ast.Constant(type(value)(v)) for v in _CONSTANTS.get(value, ()))


def _change_divisor(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in BATCH:
            yield from (_expression(text.format(owner)) for text in _DIVISORS.get(name, ()))


def _change_axes(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=owner), attr="sum" | "mean" as name), args=[values]
        ) if owner in BATCH:
            over = (_sum_over(values, axes.format(owner)) for axes in _AXES)
            ones = _expression(f"np.ones_like({owner}.x)")
            for axes, total in zip(_AXES, over, strict=True):
                count = _sum_over(ones, axes.format(owner))
                # not np.mean, which warns of an empty batch
                yield total if name == "sum" else ast.BinOp(total, ast.Div(), count)
        case ast.Attribute(value=ast.Name(id=owner), attr="axes") if owner in BATCH:
            yield from (_expression(axes.format(owner)) for axes in _AXES)
        case ast.Call(func=ast.Name(id="range"), args=[end]):
            yield ast.Call(node.func, [ast.Constant(1), end], [])


def _exchange_sum_and_mean(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Attribute(value=ast.Name(id=owner) as value, attr="sum" | "mean" as name):
            if owner in BATCH:
                yield ast.Attribute(value, "mean" if name == "sum" else "sum", ast.Load())


def _drop_root(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Attribute(attr="sqrt"), args=[radicand]):
            yield radicand


def _drop_statement(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """Only where every name keeps a value: what raises a NameError is no batch normalization."""
    match node:
        case ast.AugAssign() | ast.Assign(targets=[ast.Subscript() | ast.Tuple()]):
            if _stored(node) <= scope.bound:
                yield ast.Pass()
        case ast.Assign(targets=[ast.Name(id=name)]) if name in scope.bound:
            yield ast.Pass()


def _change_condition(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.BoolOp(op=op, values=terms):
            for at in range(len(terms)):
                yield ast.BoolOp(op, [*terms[:at], *terms[at + 1 :]])
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            if type(op) in _OPPOSITE_COMPARISON:
                yield ast.Compare(left, [_OPPOSITE_COMPARISON[type(op)]()], [right])


def _exchange_mode(node: ast.AST, _: Scope) -> Iterator[ast.AST]:
    """A function of training where that of test mode belongs, and the reverse."""
    match node:
        case ast.Call(func=ast.Name(id="Derivation"), keywords=parts):
            held = {part.arg: part.value for part in parts}
            for at, part in enumerate(parts):
                twin = _TWINS.get(part.arg or "")
                if twin is not None:
                    changed = [*parts[:at], ast.keyword(part.arg, held[twin]), *parts[at + 1 :]]
                    yield ast.Call(node.func, [], changed)


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {
        "drop-term": _drop_term,
        "drop-factor": _drop_factor,
        "drop-root": _drop_root,
        "drop-statement": _drop_statement,
        "flip-sign": _flip_sign,
        "exchange-operator": _exchange_operator,
        "swap-operands": _swap_operands,
        "swap-arguments": _swap_arguments,
        "replace-operand": _replace_operand,
        "replace-key": _replace_key,
        "change-constant": _change_constant,
        "change-divisor": _change_divisor,
        "change-axes": _change_axes,
        "exchange-sum-and-mean": _exchange_sum_and_mean,
        "change-condition": _change_condition,
        "exchange-mode": _exchange_mode,
    }
)
"""All operators by name, in the order in which they are applied at each place."""


def _neighbours(given: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for at in range(len(given) - 1):
        first, second = given[at], given[at + 1]
        if kind(first) is not None and kind(first) == kind(second):
            yield [*given[:at], second, first, *given[at + 2 :]]


def _sum_over(values: ast.expr, axes: str) -> ast.expr:
    options = [
        ast.keyword("axis", _expression(axes)),
        ast.keyword("keepdims", ast.Constant(value=True)),
    ]
    return ast.Call(_expression("np.sum"), [values], options)


def _stored(node: ast.AST) -> set[str]:
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _negative(node: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.USub(), node)


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body
