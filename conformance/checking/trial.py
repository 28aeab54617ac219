"""One kernel in its worker: what is asked of it, and the verdict on what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance import layout
from conformance.case import Actual, Case, Dialect, Inputs, Outputs, Problem
from conformance.checking import scope
from conformance.checking.query import Query
from conformance.checking.scope import Call, Scope
from conformance.checking.tried import Tried, worse
from conformance.errors import AdapterError, ExpectationError, InputError, Unsupported
from conformance.harness.answer import Answer, Reply
from conformance.harness.judging import edges_of, judged
from conformance.harness.kernels.declared import require_fixed
from conformance.harness.kernels.source import Source
from conformance.harness.life import Life
from conformance.harness.posed import Posed
from conformance.harness.repeated import Series
from conformance.harness.session import Session
from conformance.harness.shield.protections import Protections
from conformance.harness.wire import AGAIN
from conformance.oracle.solve import owed
from conformance.verdict.evidence import Evidence
from conformance.verdict.known import applying, expectations
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.record import RED, CaseResult

PATH = "kernel"

_LIFE = 60.0
"""Seconds after which no further step on an instance is begun."""

FRESH = "~"
"""What stands in the id of a fresh case between that of the public one and its number."""


class Trial:
    """A kernel in a process of its own; a context manager."""

    def __init__(
        self,
        source: Source,
        shown: str,
        *,
        case_seconds: float,
        life: Life | None = None,
        hidden: Sequence[Path] = (),
    ) -> None:
        """Prepare; nothing starts before `describe`, if it has not started already.

        Args:
            source: The kernel.
            shown: What a report calls it.
            case_seconds: How long one case may take.
            life: Its worker, where that has started; it is ours from now on.
            hidden: Folders of answers that it may not read, beside the package's own.
        """
        self._session = Session(
            source.encode(),
            case_seconds=case_seconds,
            paths=source.places,
            life=life,
            hidden=hidden,
        )
        self._source, self._shown = source, shown
        self.facts: dict[str, Any] = {}
        self.dialect = Dialect()
        self.scope: Scope | None = None
        self._version = ""
        self._known: tuple[KnownFailure, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    @property
    def breaches(self) -> str | None:
        """What the kernel's process sent and nobody asked for; None where it sent nothing so."""
        return self._session.breaches

    def abandon(self, reason: str) -> None:
        """End the worker at once; what is asked from now on is not run, for that reason."""
        self._session.abandon(reason)

    @property
    def protections(self) -> Protections:
        """What stands between the kernel and this process; known after `describe`."""
        return self._session.protections

    def describe(self) -> dict[str, Any]:
        """Versions, device, conventions and kind of the kernel.

        Raises:
            AdapterError: it does not load; the message says why.
        """
        try:
            told = self._session.describe()
        except AdapterError as error:
            raise AdapterError(_under_its_name(str(error), self._source, self._shown)) from None
        require_fixed(told["facts"]["fixed"])  # the kernel shares the process that tells it
        self.facts = told["facts"]
        self.dialect = Dialect(**told["paths"][0]["dialect"])
        self.scope = scope.of(self.facts, self.dialect)
        self._version = next(iter(told["versions"].values()))
        return told

    def check_parameters(self) -> None:
        """Refuse a kernel that has an eps of its own and does not say which.

        Raises:
            InputError: the message says what to do.
        """
        if "eps" not in self.facts["takes"] and "eps" not in self.facts["fixed"]:
            raise InputError(
                f"{self._shown} takes no eps and does not say which it uses. Give it a parameter "
                'eps, or declare it: batch_norm.conformance = {"fixed_eps": 1e-5}. '
                "conformance doctor finds the value."
            )

    def know(self, file: Path | None) -> None:
        """Know the failures that a file lists; see `conformance.verdict.known.expectations`.

        Raises:
            ExpectationError: there is no such file, or it is malformed.
        """
        if file is None:
            return
        if not file.is_file():
            raise ExpectationError(
                f"there is no file {file}. Give one with [[expect]] entries, or leave it out."
            )
        self._known = expectations.load(file, self._version)

    def fitted(self, case: Case) -> Case:
        """The case as this kernel can be asked it: with the eps and momentum that it has."""
        problem = self._fitted(case.problem)
        if problem is case.problem:
            return case
        return Case(problem=problem, expected=owed(problem.inputs))

    def _fitted(self, problem: Problem) -> Problem:
        changes = {
            name: value
            for name, value in self.facts["fixed"].items()
            if getattr(problem.inputs, name) != value and name not in self.facts["takes"]
        }
        if not changes:
            return problem
        return replace(problem, inputs=replace(problem.inputs, **changes))

    def each(self, queries: Iterable[Query]) -> Iterator[Tried]:
        """The verdicts on many queries, in their order.

        While one answer is judged, the next query is with the kernel: it is taken from `queries`
        before the verdict on the one before is known.
        """
        rest = iter(queries)
        query = next(rest, None)
        posed = None if query is None else self._posed(query)
        while query is not None and posed is not None:
            following = next(rest, None)
            answer = self._heard(posed)
            posed = None if following is None else self._posed(following)
            yield self._verdict(query, answer)
            query = following

    def tried(self, query: Query) -> Tried:
        """The verdict on one query."""
        return self._verdict(query, self._heard(self._posed(query)))

    def run(self, case: Case, repro: str = "", *, read_only: bool = False) -> Tried:
        """Ask a case twice, judge both answers, and keep the worse verdict.

        Args:
            case: What is asked.
            repro: The command that repeats it.
            read_only: Give arrays that cannot be written to.
        """
        return self.tried(Query(case=case, repro=repro, read_only=read_only))

    def once(self, case: Case) -> Tried:
        """Ask once, whatever is outside of the scope, and judge."""
        return self.tried(Query(case=case, repeat=False, everywhere=True))

    def unsolved(
        self, problem: Problem, sibling: Case | None, repro: str = "", *, repeat: bool = True
    ) -> Query:
        """A query that is solved once the answer is in, and not before.

        Args:
            problem: What is asked, with the eps and momentum that the kernel has.
            sibling: A case of the same recipe, which says what is due where nothing came back;
                None where there is none, and it is solved for that.
            repro: The command that repeats it.
            repeat: Ask an equal second call, too.
        """
        asked = Case(problem=self._fitted(problem), expected=Outputs())
        return Query(case=asked, repro=repro, repeat=repeat, is_solved=False, sibling=sibling)

    def _posed(self, query: Query) -> Posed | Answer:
        """Put a query; what a kernel says that it is not meant for, it is not asked."""
        case = query.case
        why = self.scope and not query.everywhere and self.scope.outside(Call.of(case.inputs))
        if why:
            return Answer(status=Reply.UNSUPPORTED, reason=why)
        return self._session.pose(PATH, case, repeat=query.repeat, read_only=query.read_only)

    def _heard(self, posed: Posed | Answer) -> Answer:
        return posed if isinstance(posed, Answer) else self._session.answer(posed)

    def _verdict(self, query: Query, answer: Answer) -> Tried:
        case = query.case
        if not query.is_solved:
            refused = answer.status == "unsupported"
            sibling = query.sibling if refused else None
            case = replace(case, expected=sibling.expected if sibling else owed(case.inputs))
        return self._judged(case, answer, query.repro)

    def series(
        self, cases: Sequence[Case], order: Sequence[int], *, seconds: float
    ) -> Series | Answer:
        """Ask cases many times, in an order; see `conformance.harness.session.Session.series`."""
        return self._session.series(PATH, [c.inputs for c in cases], order, seconds=seconds)

    def lived(self, calls: Sequence[Inputs], steps: Sequence[str]) -> Series | Answer:
        """Take steps on one instance."""
        order = range(len(calls))
        return self._session.series(PATH, calls, order, seconds=_LIFE, steps=steps)

    def judged(self, case: Case, answer: Answer) -> Tried:
        """The verdict on one answer."""
        return self._judged(case, answer, "")

    def _judged(self, case: Case, answer: Answer, repro: str) -> Tried:
        first = {n: v for n, v in answer.outputs.items() if not n.startswith(AGAIN)}
        again = {n.removeprefix(AGAIN): v for n, v in answer.outputs.items() if n.startswith(AGAIN)}
        outputs = judged(case, self.dialect, replace(answer, outputs=first))
        if again:
            second = judged(case, self.dialect, replace(answer, outputs=first | again))
            outputs = {name: worse(outputs[name], second[name]) for name in outputs}
        # A fresh case is expected to fail where the public one is whose recipe it has.
        public = case.id.partition(FRESH)[0]
        outputs = applying.apply(self._known, PATH, public, outputs)
        result = CaseResult(
            case=case.id,
            group=case.problem.group,
            mode=case.inputs.mode,
            layout=layout.name(case.inputs),
            dtype=case.inputs.types,
            outputs=outputs,
            repro=repro,
            seconds=answer.seconds,
            stderr=answer.stderr if any(o.status in RED for o in outputs.values()) else None,
            edges=edges_of(case).posed,
        )
        evidence = Evidence(case=case, actual=first, results=outputs, again=again)
        return Tried(result=result, evidence=evidence, again=again)

    def ask(self, inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        """Run one call that is not judged.

        Raises:
            Unsupported: the kernel cannot take it.
            AdapterError: it crashed, hung, or broke the contract.
        """
        answer = self._answer(inputs, leave_out)
        if answer.status is Reply.UNSUPPORTED:
            raise Unsupported(answer.reason or "unsupported")
        if answer.status is not Reply.OK:
            raise AdapterError(f"no answer ({answer.status}): {answer.reason}")
        return answer.outputs

    def _answer(self, inputs: Inputs, leave_out: tuple[str, ...]) -> Answer:
        problem = Problem(
            id="asked/once", group="asked", catches="nothing", made="by hand", inputs=inputs
        )
        outside = self.scope and self.scope.outside(Call.of(inputs))
        if outside:
            return Answer(status=Reply.UNSUPPORTED, reason=outside)
        case = Case(problem=problem, expected=owed(inputs))
        return self._session.run(PATH, case, leave_out=leave_out)


def _under_its_name(message: str, source: Source, shown: str) -> str:
    """The session's message with the kernel under the name that the user knows."""
    return message.replace(f"adapter {source.encode()!r}", shown).replace(source.selector, shown)
