"""Tests of the mutants of the textbook, and of the operators that make them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conformance import adapter, places
from conformance.power.edits import cache_keys, edits, normal_form, outline
from conformance.power.mutants import Mutant, kernel, mutants, original
from conformance.power.operators import KINDS, OPERATORS
from conformance.tests.oracle.by_hand import make

DERIVATIONS = ("staged", "closed_form", "differentials", "spatial", "sigma_plus_eps")
FOLDER = places.folder("adapters") / "textbook"
UNUSED = {"cache", "grads", "new", "batch"}
"""Names in the derivations that hold no numbers but what holds them."""


def find(after: str, module: str = "") -> Mutant:
    """The only mutant whose edited line is `after`."""
    (found,) = (m for m in mutants() if m.edit[1] == after and m.module in (module, m.module))
    return found


def edited(line: str, operator: str, keys: tuple[str, ...] = ()) -> set[str]:
    """What an operator makes of one line of a backward pass."""
    source = f"def f(b, dy, mu, var, std, xhat, dx, cache):\n    {line}\n"
    found = edits(ast.parse(source).body[0], "f", keys)
    return {e.source.partition("\n")[2].strip() for e in found if e.operator == operator}


@pytest.mark.parametrize(
    ("operator", "line", "after"),
    [
        ("drop-term", "dx = dy - mu", {"dx = dy", "dx = -mu"}),
        ("drop-term", "dx += mu", {"dx = mu"}),
        ("drop-factor", "dx = dy / std", {"dx = dy", "dx = 1.0 / std"}),
        ("drop-factor", "dx = dy ** 2", {"dx = dy"}),
        ("drop-root", "std = np.sqrt(var)", {"std = var"}),
        ("drop-statement", "dx += mu", {"pass"}),
        ("drop-statement", "total = b.sum(dy)", set()),
        ("flip-sign", "dx = -mu", {"dx = mu"}),
        ("flip-sign", "dx = b.sum(dy)", {"dx = -b.sum(dy)"}),
        ("exchange-operator", "dx = dy + mu", {"dx = dy - mu"}),
        ("exchange-operator", "dx *= mu", {"dx /= mu"}),
        ("swap-operands", "dx = dy - mu", {"dx = mu - dy"}),
        ("swap-operands", "dx = dy * mu", set()),
        ("swap-operands", "dx = dy ** 2", {"dx = 2 ** dy"}),
        ("swap-arguments", "dx = f(b, mu, var)", {"dx = f(b, var, mu)"}),
        ("swap-arguments", "dx = f(dy, var)", set()),
        ("replace-operand", "dx = dy * xhat", {"dx = xhat * xhat", "dx = dy * dy"}),
        ("replace-operand", "dx = dy * mu", set()),
        ("change-constant", "dx = 2 * dy", {"dx = 1 * dy", "dx = 3 * dy", "dx = 4 * dy"}),
        ("change-constant", "dx = 0.5 * dy", {"dx = 1.0 * dy", "dx = 0.25 * dy"}),
        (
            "change-divisor",
            "dx = dy / b.N",
            {f"dx = dy / {d}" for d in ("(b.N - 1)", "(b.N + 1)", "b.x.shape[0]", "b.x.size")}
            | {"dx = dy / b.gamma.size"},
        ),
        (
            "change-axes",
            "dx = b.sum(dy)",
            {
                f"dx = np.sum(dy, axis={axes}, keepdims=True)"
                for axes in ("b.axes[1:]", "b.axes[:-1]", "None")
            },
        ),
        ("exchange-sum-and-mean", "dx = b.sum(dy)", {"dx = b.mean(dy)"}),
        ("change-condition", "dx = dy if b.N else mu", {"dx = dy", "dx = mu"}),
        ("change-condition", "dx = std == mu", {"dx = std != mu"}),
        (
            "exchange-mode",
            "dx = Derivation(forward=f, forward_test=g)",
            {
                "dx = Derivation(forward=g, forward_test=g)",
                "dx = Derivation(forward=f, forward_test=f)",
            },
        ),
    ],
)
def test_an_operator_makes_its_edits_and_no_others(
    operator: str, line: str, after: set[str]
) -> None:
    """Each operator proposes exactly the edits of its rule."""
    assert edited(line, operator) == after


def test_a_key_is_replaced_by_one_of_its_kind() -> None:
    """A key of the cache stands in for another of the same shape, not of another shape."""
    found = edited("dx = [cache[k] for k in ('mu', 'xhat')]", "replace-key", ("mu", "var", "xhat"))
    assert found == {"dx = [cache[k] for k in ('var', 'xhat')]"}


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_fits_somewhere(operator: str) -> None:
    """No operator is idle on the textbook."""
    assert any(m.operator == operator for m in mutants())


def test_there_are_many_and_each_has_its_own_name() -> None:
    """There are at least 300 mutants, of every derivation and of page.py, with distinct ids."""
    assert len(mutants()) >= 300
    assert len({m.id for m in mutants()}) == len(mutants())
    assert {m.module for m in mutants()} == {*DERIVATIONS, "page"}


def test_they_are_the_same_in_every_run() -> None:
    """Ids, order and edits depend on the text of the textbook alone."""
    assert mutants.__wrapped__() == mutants()


def test_no_two_are_the_same_code() -> None:
    """No mutant repeats another one, up to factors and exponents of one."""
    forms = {(m.module, m.index, normal_form(m.source)) for m in mutants()}
    assert len(forms) == len(mutants())


@pytest.mark.parametrize(
    ("first", "second"),
    [("1.0 * a", "a"), ("a * 1", "a"), ("a / 1.0", "a"), ("a ** 1", "a"), ("-(-a)", "a")],
)
def test_factors_and_exponents_of_one_make_no_mutant(first: str, second: str) -> None:
    """Code that differs by what multiplies by one is the same code; other code is not."""
    assert normal_form(first) == normal_form(second)
    assert normal_form(first) != normal_form("b")


def test_a_function_that_stands_twice_is_mutated_once() -> None:
    """A function is known again under other names and keys; another formula is not."""
    one = ast.parse("def f(b, c):\n    v = b.x - c['mu']\n    return v").body[0]
    two = ast.parse("def f(b, d):\n    w = b.x - d['mean']\n    return w").body[0]
    other = ast.parse("def f(b, d):\n    w = b.x + d['mean']\n    return w").body[0]
    assert outline(one, ("mu",)) == outline(two, ("mean",))
    assert outline(two, ("mean",)) != outline(other, ("mean",))
    homes = {m.module for m in mutants() if ":_parameter_gradients:" in m.id}
    assert homes == {"closed_form"}


class Sorted(ast.NodeTransformer):
    """Puts the operands of sums and products in one order."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Sort two operands of + or *."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult):
            node.left, node.right = sorted((node.left, node.right), key=ast.dump)
        return node


def sort(source: str) -> str:
    """A text that is the same whatever the order of sums and products."""
    return ast.dump(Sorted().visit(ast.parse(source)))


def test_none_merely_swaps_what_commutes() -> None:
    """No mutant is its original with the operands of a sum or a product exchanged."""
    trees = {name: ast.parse((FOLDER / f"{name}.py").read_text("utf-8")) for name in DERIVATIONS}
    trees["page"] = ast.parse((FOLDER / "page.py").read_text("utf-8"))
    for mutant in mutants():
        before = ast.unparse(trees[mutant.module].body[mutant.index])
        assert sort(mutant.source) != sort(before), mutant.id


def test_an_edit_changes_one_line_and_says_which() -> None:
    """The lines of an edit are the only ones that differ, and its number is in the function."""
    for mutant in mutants():
        tree = ast.parse((FOLDER / f"{mutant.module}.py").read_text("utf-8"))
        statement = tree.body[mutant.index]
        old, new = ast.unparse(statement).splitlines(), mutant.source.splitlines()
        differing = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert len(differing) == 1, mutant.id
        assert all(
            part.strip(".") in line for part, line in zip(mutant.edit, differing[0], strict=True)
        ), mutant.id
        assert statement.lineno <= mutant.line <= (statement.end_lineno or 0), mutant.id


def test_every_name_of_the_textbook_has_a_kind() -> None:
    """No array of the textbook is unknown to the operators."""
    for name in DERIVATIONS:
        tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))
        functions = [n for n in tree.body if isinstance(n, ast.FunctionDef)]
        names = [n for f in functions for n in ast.walk(f) if isinstance(n, ast.Name)]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)} - UNUSED - {"name"}
        assert (stored | {*cache_keys(tree)}) - KINDS.keys() == set(), name


def test_an_original_is_the_path_of_the_adapter() -> None:
    """Without an edit, the assembled kernel gives the bits of the adapter's own path."""
    inputs = make((4, 3, 2, 5), np.float32)
    for path in {m.path for m in mutants()}:
        expected = adapter.load("textbook").path(path).run(inputs)
        actual = original(path)(inputs)
        assert actual.keys() == expected.keys()
        assert all(np.array_equal(actual[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("module", "after", "changed"),
    [
        ("staged", "out = gammax", {"y"}),
        ("staged", "dx1 = dxmu1", {"dx"}),
        ("page", "new_mean = m * mean", {"running_mean"}),
        ("page", "new_var = (1 - m) * running_var + m * (var * N / N)", {"running_var"}),
        ("page", "average: Array = self.sum(values) / (self.N - 1)", None),
    ],
)
def test_a_mutant_differs_where_its_edit_reaches(
    module: str, after: str, changed: set[str] | None
) -> None:
    """An edit changes the outputs that depend on it, also through page.py, and no others."""
    inputs = make((4, 3, 2, 5), np.float64)
    mutant = find(after, module)
    expected, actual = original(mutant.path)(inputs), kernel(mutant)(inputs)
    differing = {n for n in expected if not np.array_equal(actual[n], expected[n])}
    assert differing == (expected.keys() - {"dbeta"} if changed is None else changed)


def test_no_mutant_is_stillborn() -> None:
    """Every mutant answers an ordinary batch, in training mode and in test mode."""
    runs: list[Callable[..., object]] = [kernel(mutant) for mutant in mutants()]
    for training in (True, False):
        inputs = make((4, 3, 2, 5), np.float64, training=training)
        for run in runs:
            run(inputs)


def test_the_textbook_is_not_touched() -> None:
    """Making all mutants leaves the adapter's files and its kernels as they were."""
    before = {f: f.read_bytes() for f in Path(FOLDER).glob("*.py")}
    inputs = make((6, 4), np.float64)
    expected = adapter.load("textbook").path("staged").run(inputs)
    for mutant in mutants():
        kernel(mutant)
    actual = adapter.load("textbook").path("staged").run(inputs)
    assert all(np.array_equal(actual[name], expected[name]) for name in expected)
    assert {f: f.read_bytes() for f in Path(FOLDER).glob("*.py")} == before
