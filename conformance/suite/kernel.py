"""A kernel's own tests: the mark ``conformance(kernel)``, the fixture ``conformance_case``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from conformance.arrays import MASK
from conformance.case import Dialect
from conformance.cases import golden
from conformance.checking import levels, smoke, terminal
from conformance.checking import scope as scopes
from conformance.checking.named import Named, attribute_of, named
from conformance.checking.options import Options
from conformance.checking.rule import Rule
from conformance.checking.scope import Scope
from conformance.checking.selection import repro, select
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.errors import AdapterError, SelectionError
from conformance.faults.diagnosis import diagnose
from conformance.harness.kernels.contract import ARGUMENTS, may_take_mask
from conformance.harness.kernels.declared import declared
from conformance.harness.kernels.source import Source, parse_dialect
from conformance.suite.shelf import Shelf
from conformance.verdict.record import COMPARED, RED, CaseResult

_OPTIONS = (
    *("tier", "case", "dtype", "dialect", "arrays", "timeout", "memory_gib"),
    *("minimum_grade", "strict", "declare", "where"),
)


@dataclass(slots=True)
class _Started:
    trial: Trial
    known: Named
    options: Options
    tried: list[Tried] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KernelCase:
    """One case and the kernel that is to run it: what ``conformance_case`` gives to a test.

    Attributes:
        id: The id of the case.
    """

    id: str
    _started: _Started
    _shelf: Shelf

    def run(self) -> CaseResult:
        """Run the kernel on the case and judge every output; asserts nothing."""
        started = self._started
        case = self._shelf.case(self.id)
        again = repro(self.id, started.known, started.options)
        tried = started.trial.run(started.trial.fitted(case), again)
        started.tried.append(tried)
        return tried.result

    def check(self) -> None:
        """Require that every output that the kernel computes is right.

        A case that the kernel does not take is skipped, and never passed; one in which it differs
        at an edge alone is an expected failure, and with ``strict=True`` a failure.
        """
        result, rule = self.run(), self._started.options.rule
        edges = levels.edges_of([result])
        if any(levels.misses(rule, output) for output in result.outputs.values()):
            pytest.fail(terminal.failure(result, rule), pytrace=False)
        if levels.differs(edges):
            pytest.xfail("; ".join(levels.lines(edges)))
        if not any(r.status in COMPARED for r in result.outputs.values()):
            reasons = {r.reason or r.status.value for r in result.outputs.values()}
            pytest.skip("; ".join(sorted(reasons)))


class Kernels:
    """The kernels of one pytest session, each in a process of its own."""

    def __init__(self) -> None:
        """Remember nothing yet; processes start with the first case."""
        self._started: dict[int, _Started] = {}
        self._stack, self._shelf = ExitStack(), Shelf()

    def case(self, mark: pytest.Mark, case: str) -> KernelCase:
        """The kernel of a mark, started if it is not, and one case."""
        key = id(mark.args[0])
        if key not in self._started:
            options = options_of(mark)
            known = self._stack.enter_context(named(mark.args[0]))
            trial = Trial(options.source(known), known.shown, case_seconds=options.timeout)
            self._stack.enter_context(trial)
            trial.describe()
            trial.check_parameters()
            self._started[key] = _Started(trial, known, options)
        return KernelCase(case, self._started[key], self._shelf)

    def diagnoses(self) -> Iterator[str]:
        """What is wrong with each kernel that failed, one line each."""
        for started in self._started.values():
            breaches = started.trial.breaches
            if breaches:
                yield f"{started.known.shown}: its process sent what was no answer, {breaches}"
            if any(t.result.status in RED for t in started.tried):
                evidence = [t.evidence for t in started.tried]
                for found in diagnose(evidence, started.trial.dialect):
                    yield f"{started.known.shown}: {found.sentence}"

    def close(self) -> None:
        """End all workers."""
        self._stack.close()


def cases(mark: pytest.Mark, test: str) -> list[tuple[str, str]]:
    """The cases of a marked test: ids, and names for ``-k``.

    Raises:
        AdapterError: the mark names no kernel.
        SelectionError: it selects nothing, or nothing that lies in the scope of the kernel.
    """
    if len(mark.args) != 1:
        raise unmarked(test)
    entries = golden.manifest().entries
    options = options_of(mark)
    scope = _scope(mark.args[0], options)
    ids = select(options, scope)
    if not any(scope.why_not(smoke.calls()[name]) is None for name in ids):
        raise SelectionError(
            f"none of the {len(ids)} cases of {test} lies in the scope of its kernel: "
            f"{' and '.join(p.text for p in scope.where) or 'ranks and types'}. Check it with "
            "conformance check, which draws cases inside a scope."
        )
    return [(i, _told(i, entries[i].mode, entries[i].dtype)) for i in ids]


def _scope(kernel: object, options: Options) -> Scope:
    """What a kernel is meant for, as far as it is told where tests are collected.

    A kernel that is named by a text is not loaded for it, and says the rest when it runs.
    """
    source = Source(
        selector="",
        attribute=None if isinstance(kernel, str) else attribute_of(kernel),
        declared=options.declare,
        where=options.where,
    )
    said = declared(None, source, Dialect())
    facts = {
        "takes": [name for name in ARGUMENTS if name != MASK or may_take_mask(kernel)],
        "fixed": said.fixed,
        "dtypes": said.capabilities.dtypes,
        "ranks": said.capabilities.ranks,
        "per_activation": True,
        "where": said.where,
    }
    return scopes.of(facts, said.dialect)


def unmarked(test: str) -> AdapterError:
    """The error of a test that uses the fixture and does not name a kernel."""
    return AdapterError(
        f"{test} uses conformance_case and does not say of which kernel. "
        "Mark it: @pytest.mark.conformance(batch_norm)"
    )


def _told(case: str, *facts: str) -> str:
    """The id, with those facts that it does not tell, so that ``-k float32`` finds them."""
    return "-".join([case, *(fact for fact in facts if fact not in case)])


def options_of(mark: pytest.Mark) -> Options:
    """The options that a mark gives.

    Raises:
        SelectionError: an option that does not exist.
    """
    said: dict[str, Any] = dict(mark.kwargs)
    stray = [name for name in said if name not in _OPTIONS]
    if stray:
        raise SelectionError(
            f"the mark conformance has {', '.join(stray)}. Its options are {', '.join(_OPTIONS)}."
        )
    case, dialect = said.pop("case", None), said.pop("dialect", None)
    rule = {name: said.pop(name) for name in ("minimum_grade", "strict") if name in said}
    where = said.pop("where", ())
    return Options(
        **said,
        cases=(case,) if isinstance(case, str) else None if case is None else tuple(case),
        dialect=None if dialect is None else parse_dialect(dialect),
        rule=Rule(**rule),
        where=(where,) if isinstance(where, str) else tuple(where),
    )
