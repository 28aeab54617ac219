"""Whether an instance that lives for many calls is right in each: sequences, judged step by step.

What is due at a step follows from the state before it, which is what the instance itself had: its
parameters as they were set, and the running statistics that it showed after the step before.  So
each step is held to exact answers of its own, and no error of one step counts in the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.arrays import RUNNING
from conformance.case import Case, Inputs, Problem
from conformance.checking.levels import DIFFERS, KEPT, EdgeFound
from conformance.checking.state.found import SEQUENCE, Dependence, in_words
from conformance.checking.state.later import right
from conformance.checking.state.sequences import OWN, SEQUENCES, Step, inputs_of
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.harness.answer import Answer, Reply
from conformance.harness.kernels import steps
from conformance.harness.repeated import Series
from conformance.oracle.edges import RECOMPUTATION
from conformance.oracle.solve import owed
from conformance.verdict.record import OutputResult, fails_anew

KINDS = frozenset({"torch module", "keras layer", "flax module"})
"""Kinds of kernels that have instances."""

_RUN_TWICE = "torch module"
"""Where recomputation runs the module itself again, so that honest ones update twice; in JAX it
repeats a function, whose results come once."""

_SMALL = 2048
_BASES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """What came of the sequences.

    Attributes:
        sequences: Names of those that were run to their end.
        found: What is wrong in them.
        edges: What became of the edge of recomputation.
    """

    sequences: tuple[str, ...] = ()
    found: tuple[Dependence, ...] = ()
    edges: tuple[EdgeFound, ...] = ()


def live(trial: Trial, ran: Sequence[Tried]) -> Lived:
    """Run every sequence on an instance of its own."""
    if trial.facts.get("kind") not in KINDS or trial.scope is None or trial.scope.where:
        return Lived()
    names: dict[str, None] = {}
    found: dict[str, Dependence] = {}
    edges: list[EdgeFound] = []
    for base in _bases(trial, ran):
        for name, sequence in SEQUENCES.items():
            if name not in found:
                one = _Sequence(trial, base, name, sequence)
                one.run()
                names |= dict.fromkeys([name] if one.was_run else [])
                found |= {name: one.found} if one.found else {}
                edges += one.edges
    worst = sorted(edges, key=lambda edge: edge.state != DIFFERS)[:1]
    return Lived(sequences=tuple(names), found=tuple(found.values()), edges=tuple(worst))


def _bases(trial: Trial, ran: Sequence[Tried]) -> list[Tried]:
    """Whole calls that the kernel had right, of different types or axes: what steps are made of."""
    found: dict[tuple[int, str], Tried] = {}
    for one in right(ran):
        call = one.evidence.case.inputs
        if _is_whole(call) and call.channel_axes == (_axis(trial, call),):
            found.setdefault((call.x.ndim, call.types), one)
    wide = sorted(found.values(), key=lambda one: one.evidence.case.inputs.types != "float32")
    return wide[:_BASES]


def _axis(trial: Trial, call: Inputs) -> int:
    assert trial.scope is not None  # noqa: S101 - seen before
    order = trial.scope.order
    return call.x.ndim - 1 if order == "channels_last" else 1


def _is_whole(call: Inputs) -> bool:
    given = call.given().keys() >= {"dy", "gamma", "beta", *RUNNING}
    small = call.memory == "contiguous" and call.x.size <= _SMALL
    return given and small and call.mask is None and call.training and call.count > 1


class _Sequence:
    """One sequence in its course."""

    def __init__(self, trial: Trial, base: Tried, name: str, sequence: Sequence[Step]) -> None:
        self._trial, self._name, self._steps = trial, name, sequence
        self._problem = trial.fitted(base.evidence.case).problem
        self._calls = [inputs_of(self._problem.inputs, step) for step in sequence]
        self._kept: list[Inputs] = []
        self.was_run = False
        self.found: Dependence | None = None
        self.edges: list[EdgeFound] = []

    def run(self) -> None:
        """Take the steps, and judge each until one is wrong."""
        told = self._trial.lived(self._calls, [step.how for step in self._steps])
        if not isinstance(told, Series):
            if told.status is not Reply.NOT_RUN:
                self._judge(0, told)
            return
        for number, (_, answer) in enumerate(told):
            got = told.answers[answer]
            if got.status is Reply.UNSUPPORTED:
                return
            if self.found is None:
                self._judge(number, got)
        self.was_run = True

    def _judge(self, number: int, answer: Answer) -> None:
        """Hold a step to what is due in the state that it began in."""
        step, call = self._steps[number], self._due(number)
        problem = replace(self._problem, id=f"{self._problem.id}~step-{number + 1}", inputs=call)
        result, red = self._verdict(problem, step, answer)
        is_edge = step.how == steps.CHECKPOINT and self._trial.facts.get("kind") == _RUN_TWICE
        if is_edge and red:
            red = self._recomputed(problem, answer, red)
        elif is_edge:
            self.edges.append(EdgeFound(name=RECOMPUTATION, state=KEPT, cases=1))
        self._keep(call, answer)
        if red:
            self.found = Dependence(
                kind=SEQUENCE,
                case=self._problem.id,
                outputs=tuple(red),
                wrong=True,
                sentence=(
                    f"on one instance, {self._name}: wrong in step {number + 1} of "
                    f"{len(self._steps)} ({_told(self._steps, number)}) on {self._problem.id}: "
                    f"{in_words(result, red)}"
                ),
            )

    def _verdict(
        self, problem: Problem, step: Step, answer: Answer
    ) -> tuple[Mapping[str, OutputResult], list[str]]:
        """The verdict on a step, and the outputs that are wrong in it."""
        expected = owed(problem.inputs)
        lacking = dict.fromkeys(_lacking(step))
        case = Case(problem=problem, expected=replace(expected, **lacking))
        result = self._trial.judged(case, answer).result.outputs
        return result, [name for name, output in result.items() if fails_anew(output)]

    def _due(self, number: int) -> Inputs:
        """The call of a step with the running statistics that the instance had."""
        step, call = self._steps[number], self._calls[number]
        if number and step.how not in steps.SETTING:
            before = self._kept[step.after if step.after != OWN else number - 1]
            call = replace(call, running_mean=before.running_mean, running_var=before.running_var)
        if step.how == steps.CUMULATIVE:
            call = replace(call, momentum=1 / self._batches(number))
        if step.how == steps.ACCUMULATE:
            call = replace(call, earlier=(call.x,))
        return call

    def _batches(self, number: int) -> int:
        """The batches that a cumulative average holds after a step, or 1 before the first."""
        return max(sum(step.training for step in self._steps[: number + 1]), 1)

    def _keep(self, call: Inputs, answer: Answer) -> None:
        """Remember the state after a step: what the instance shows, else what it began in."""
        shown = {n: answer.outputs[n] for n in RUNNING if n in answer.outputs}
        fits = {n: a for n, a in shown.items() if a.shape == call.channel_shape}
        typed = {n: a.astype(call.parameter_dtype) for n, a in fits.items()}
        mean = typed.get("running_mean", call.running_mean)
        var = typed.get("running_var", call.running_var)
        self._kept.append(replace(call, running_mean=mean, running_var=var, earlier=()))

    def _recomputed(self, problem: Problem, answer: Answer, red: list[str]) -> list[str]:
        """What is wrong beside running statistics that the recomputation updated once more."""
        call = problem.inputs
        twice = replace(problem, inputs=replace(call, earlier=(call.x,)))
        _, left = self._verdict(twice, Step(steps.CHECKPOINT), answer)
        if left or not {*red} <= {*RUNNING}:
            return red
        why = f"{self._problem.id} {', '.join(red)}: updated twice"
        self.edges.append(
            EdgeFound(
                name=RECOMPUTATION, state=DIFFERS, cases=1, differ=(self._problem.id,), why=why
            )
        )
        return []


def _lacking(step: Step) -> tuple[str, ...]:
    """Fields of the exact answers that are not due at a step."""
    always = ("mean", "var", "inv_std")
    if step.how == steps.FROZEN:
        return (*always, "dgamma", "dbeta")
    if step.how == steps.INTERLEAVED:
        return (*always, *RUNNING, "running_var_biased")
    return always


def _told(sequence: Sequence[Step], number: int) -> str:
    """The steps up to one, in words: ``"train, test, load-state test"``."""
    words = []
    for step in sequence[: number + 1]:
        how = "" if step.how == steps.CALL else f"{step.how} "
        wide = " on another shape" if step.wide else ""
        words.append(f"{how}{'train' if step.training else 'test'}{wide}")
    return ", ".join(words)
