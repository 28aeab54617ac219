"""The evidence on one kernel, and how hypotheses fare on it.

A hypothesis is one fault, or several at once in one kernel.  On every output of every case it
says that the output is right, or what wrong value it has.  A right output where it says wrong
refutes it, in the path of the kernel that this case runs through: a mode and a type of x.  A wrong
output that is what it says speaks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Dialect
from conformance.faults.fault import Fault
from conformance.faults.match import Prediction
from conformance.faults.predictions import Predictions
from conformance.verdict.evidence import Evidence, spread_over_groups

Cell: TypeAlias = tuple[str, str]
"""Id of a case, and an output of it."""

Scope: TypeAlias = tuple[str, str]
"""Mode and type of x."""

Hypothesis: TypeAlias = tuple[Fault, ...]

_NONE: Mapping[str, int] = MappingProxyType({})

_MOST = 64
"""Cases of the sample: enough for several of each output, mode and type."""

CHANCES = 1
"""Cases that may speak against one of two faults: there both may come to the right answer."""

LARGEST = 4096
"""Values of x in a case that is quickly run."""


@dataclass(slots=True)
class Account:
    """How one hypothesis fares on some of the evidence.

    Attributes:
        faults: The hypothesis.
        shows: Cells that it says are wrong, and where it was not refuted before.
        moved: Wrong cells that it changes, if only within their bounds.
        agreed: Wrong cells that are what it says.
        told: Those of them that tell it from other faults.
        spread: Wrong cells that it says are wrong in another way, of calls with NaN or infinity:
            what spreads from these depends on how a kernel is written.
        refuted: Scopes in which a right cell is one that it says is wrong.
        against: The cases of these cells, as far as they were looked at.
    """

    faults: Hypothesis
    shows: set[Cell] = field(default_factory=set)
    moved: set[Cell] = field(default_factory=set)
    agreed: set[Cell] = field(default_factory=set)
    told: set[Cell] = field(default_factory=set)
    spread: set[Cell] = field(default_factory=set)
    refuted: set[Scope] = field(default_factory=set)
    against: set[str] = field(default_factory=set)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of its faults."""
        return tuple(fault.id for fault in self.faults)

    def allows(self, cell: Cell) -> bool:
        """Whether a wrong cell needs no other fault than these."""
        return cell in self.agreed or cell in self.spread


class Hearing:
    """The evidence on one kernel, and what it is held to, prepared once for all hypotheses."""

    def __init__(
        self, evidence: Sequence[Evidence], dialect: Dialect, known: Predictions | None = None
    ) -> None:
        """Prepare it.

        Args:
            evidence: What the kernel did, passed cases included.
            dialect: Its conventions.
            known: What faults are known to produce in that dialect.
        """
        self._known = Predictions(dialect) if known is None else known
        # Pairs are many, and those of one kernel say little of another: they end with this one.
        self._together = Predictions(dialect, self._known.ruler)
        self.small = sorted((e for e in evidence if e.actual), key=lambda e: e.case.inputs.x.size)
        self.by_id = {e.case.id: e for e in self.small}

    def predict(self, faults: Hypothesis, e: Evidence) -> Prediction:
        """What faults would have produced on a case, all of them at once."""
        acting = tuple(fault for fault in faults if fault.acts_on(e.case.inputs))
        known = self._known if len(acting) <= 1 else self._together
        return known.of(acting, e.case)

    @cached_property
    def failing(self) -> list[Cell]:
        """All wrong cells."""
        return [(e.case.id, name) for e in self.small for name in sorted(e.failing)]

    @cached_property
    def by_chance(self) -> frozenset[Cell]:
        """Cells that two equal calls answered in different ways."""
        return frozenset((e.case.id, name) for e in self.small for name in e.again)

    @cached_property
    def everything(self) -> list[Evidence]:
        """All cases that are quickly run, and the sample."""
        small = {e.case.id: e for e in self.small if e.case.inputs.x.size <= LARGEST}
        return list((small | {e.case.id: e for e in self.sample}).values())

    @cached_property
    def sample(self) -> list[Evidence]:
        """Some cases of every output, mode and type in which it fails, and some that pass."""
        classes: dict[tuple[str, ...], list[Evidence]] = {}
        for e in self.small:
            for name in sorted(e.failing) or ["right"]:
                classes.setdefault((name, *e.scope), []).append(e)
        rows = [iter(spread_over_groups(found)) for found in classes.values()]
        chosen: dict[str, Evidence] = {}
        while rows and len(chosen) < _MOST:
            rows = [row for row in rows if self._take(row, chosen)]
        return list(chosen.values())

    @staticmethod
    def _take(row: Iterator[Evidence], chosen: dict[str, Evidence]) -> bool:
        e = next(row, None)
        if e is not None:
            chosen[e.case.id] = e
        return e is not None

    def hear(
        self,
        faults: Hypothesis,
        evidence: Iterable[Evidence],
        *,
        whole: bool = False,
        outputs: Iterable[str] = OUTPUT_NAMES,
        spare: Mapping[str, int] = _NONE,
    ) -> Account:
        """How a hypothesis fares; nothing more is asked where it is refuted for certain.

        Args:
            faults: The hypothesis.
            evidence: The cases.
            whole: Stop as soon as it can explain no output in all cases any more.
            outputs: Those outputs that it may explain.
            spare: How many wrong cells of an output it may leave, and explain the output still.
        """
        account, missed = Account(faults), Counter[str]()
        open_outputs = self._touched(faults) & {n for _, n in self.failing} & {*outputs}
        if not open_outputs:
            return account
        for e in _interleaved(evidence) if whole else evidence:
            if e.scope not in account.refuted or (not whole and len(account.against) <= CHANCES):
                self._hear(account, e, frozenset(outputs))
            missed.update(n for n in e.failing if not account.allows((e.case.id, n)))
            open_outputs -= {n for n in e.failing if missed[n] > spare.get(n, 0)}
            if whole and (account.refuted or not open_outputs):
                account.agreed.clear()
                return account
        return account

    @staticmethod
    def _touched(faults: Hypothesis) -> set[str]:
        return {name for fault in faults for name in fault.touches}

    def _hear(self, account: Account, e: Evidence, outputs: frozenset[str]) -> None:
        prediction = self.predict(account.faults, e)
        touched = self._touched(account.faults)
        if prediction.too_many:  # what chance did in each of several batches speaks for nothing
            by_chance = touched & e.failing & e.again.keys()
            account.agreed |= {(e.case.id, name) for name in by_chance}
            return
        for name in touched & e.failing & outputs:
            self._hear_wrong(account, e, name, prediction)
        for name in touched & e.right:
            if not prediction.deviates(name):
                continue
            account.shows.add((e.case.id, name))
            # What spreads from a NaN depends on how a kernel is written: it refutes nothing.
            if e.ordinary and not self._agrees(prediction, account.faults, e, name):
                account.refuted.add(e.scope)
                account.against.add(e.case.id)
                return

    def _hear_wrong(self, account: Account, e: Evidence, name: str, prediction: Prediction) -> None:
        cell = (e.case.id, name)
        if prediction.moves(name):
            account.moved.add(cell)
        if not prediction.deviates(name):
            if prediction.strays(name, e.actual[name]):
                account.agreed.add(cell)
            return
        account.shows.add(cell)
        if self._agrees(prediction, account.faults, e, name):
            account.agreed.add(cell)
            if prediction.tells(name):
                account.told.add(cell)
        elif not e.ordinary:
            account.spread.add(cell)

    @staticmethod
    def _agrees(prediction: Prediction, faults: Hypothesis, e: Evidence, name: str) -> bool:
        """Whether an answer is what is predicted, and both where two equal calls differ.

        Only chance answers twice in different ways.
        """
        if name not in e.again:
            return prediction.agrees(name, e.actual[name])
        by_chance = any(fault.lots for fault in faults)
        both = (e.actual[name], e.again[name])
        return by_chance and all(prediction.agrees(name, answer) for answer in both)


def _interleaved(evidence: Iterable[Evidence]) -> Iterator[Evidence]:
    """In turn the case with the most wrong outputs and that with the most right ones.

    What explains nothing is found out by a few of either.
    """
    order = sorted(evidence, key=lambda e: len(e.failing) - len(e.right))
    for i in range(len(order)):
        yield order[i // 2] if i % 2 else order[-1 - i // 2]
