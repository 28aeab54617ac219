"""The self-test of one path: ask, read, explain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from conformance.arrays import LIKE_X, OUTPUT_NAMES
from conformance.case import Dialect, Inputs
from conformance.checking.selftest import layouts, suspects
from conformance.checking.selftest.conventions import conventions
from conformance.checking.selftest.doubts import doubts
from conformance.checking.selftest.outcome import NO_ANSWER, Finding, Outcome, in_order
from conformance.checking.selftest.questions import described, following, ordinary
from conformance.checking.selftest.reading import Reading, distance, explain, listed, read, renamed
from conformance.harness.answer import Answer, Reply

Ask = Callable[[Inputs], Answer]
"""Runs one call on the path; never raises for what the path does."""

_LOST = (Reply.CRASH, Reply.TIMEOUT)
_SINGLE = 1e-10
"""Beyond this part of the largest value a float64 result was computed in another type."""


def examine(ask: Ask, dialect: Dialect) -> Outcome:
    """Ask one path all questions.

    Args:
        ask: Runs one call.
        dialect: The conventions that the path declares.
    """
    state = _State(dialect)
    first = next((q for q in ordinary() if state.put(ask, q)), None)
    for question in following(first) if first is not None else ():
        state.put(ask, question)
    unseen = [n for n in OUTPUT_NAMES if n in state.due and n not in state.returned]
    return Outcome(
        answered=state.answered,
        findings=in_order(state.findings),
        unasked=tuple(dict.fromkeys(state.refused)),
        unseen=tuple(unseen),
    )


class _State:
    """What is known of a path after some questions."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._lost = dialect, False
        self._earlier: Inputs | None = None
        self.answered = 0
        self.findings: list[Finding] = []
        self.refused: list[str] = []
        self.due: set[str] = set()
        self.returned: set[str] = set()

    def put(self, ask: Ask, inputs: Inputs) -> bool:
        """Ask one question; whether it was answered."""
        if self._lost:
            return False
        answer = ask(inputs)
        if answer.status is Reply.UNSUPPORTED:
            self.refused.append(answer.reason or "without a reason")
            return False
        if answer.status is not Reply.OK:
            self._lost = answer.status in _LOST
            self.findings.append(_failed(inputs, answer))
            return False
        self.answered += 1
        self.findings += self._found(ask, inputs, answer)
        self._earlier = inputs
        return True

    def _found(self, ask: Ask, inputs: Inputs, answer: Answer) -> Iterator[Finding]:
        reading = read(inputs, answer.outputs, self._dialect)
        self.due |= reading.due.keys()
        self.returned |= answer.outputs.keys()
        yield from _shapes_and_types(reading)
        left = list(reading.off)
        for finding, outputs in chain(self._by_convention(reading), self._explained(reading, left)):
            if set(left) & set(outputs):
                yield finding
                left[:] = [name for name in left if name not in outputs]
        yield from doubts(ask, reading, left, self._dialect)
        yield from _precision(reading)

    def _by_convention(self, reading: Reading) -> Iterator[tuple[Finding, tuple[str, ...]]]:
        """What the doctor's experiments say; they are about one channel axis in training."""
        inputs = reading.inputs
        asked = inputs.training and not isinstance(inputs.axis, tuple)
        given = (inputs.gamma, inputs.beta, inputs.running_mean)
        whole = all(array is not None for array in given)
        if not reading.off or not asked or not whole or reading.misfits:
            return
        found = conventions(inputs, reading.outputs, self._dialect)
        for finding, outputs in found:
            yield _in(finding, inputs), outputs

    def _explained(
        self, reading: Reading, left: list[str]
    ) -> Iterator[tuple[Finding, tuple[str, ...]]]:
        """Mistakes with arguments, axes and names, until nothing more is explained."""
        while left:
            known = chain(
                suspects.suspects(reading.inputs, self._dialect, self._earlier),
                layouts.suspects(reading.inputs, self._dialect),
            )
            best = explain(reading, left, known)
            if best is None:
                break
            finding = Finding(
                name=best.suspect.name,
                seen=f"{listed(best.outputs)} {best.suspect.seen}",
                look=best.suspect.look,
                certain=not best.denied,
            )
            yield _in(finding, reading.inputs), best.outputs
        for name in tuple(left):
            other = renamed(reading, name)
            if other is not None:
                look = "Look at the names under which outputs are returned"
                seen = f"under the name {name} comes {other}"
                finding = Finding(name=f"{name} is {other}", seen=seen, look=look)
                yield _in(finding, reading.inputs), (name,)


def _in(finding: Finding, inputs: Inputs) -> Finding:
    return replace(finding, seen=f"{finding.seen} ({described(inputs)})")


def _failed(inputs: Inputs, answer: Answer) -> Finding:
    """A call without an answer; one that ends the process may be the framework's own fault."""
    return Finding(
        name=f"{NO_ANSWER} ({answer.status})",
        seen=f"{answer.reason} ({described(inputs)})",
        look="What the framework refuses by design is Unsupported, or is left out of Capabilities; "
        "look at the call otherwise",
        certain=answer.status not in _LOST,
    )


def _shapes_and_types(reading: Reading) -> Iterator[Finding]:
    for name, said in reading.misfits.items():
        shape = reading.outputs[name].shape != reading.due[name].shape
        if shape and name in LIKE_X:
            look = "Move its axes back into the order of Inputs.x inside the adapter"
        elif shape:
            look = "One value per channel was wanted, in the shape of Inputs.channel_shape"
        elif name in LIKE_X:
            look = (
                "y and dx have the type of x: a framework that promotes half x with float32 "
                "parameters is told not to, or does not have it in Capabilities.mixed"
            )
        else:
            look = "Gradients and statistics have the type of the parameters, statistics or a wider"
        kind = "shape" if shape else "type"
        # Frameworks are known to keep statistics of mixed calls in the type of x by themselves.
        same = reading.outputs[name].dtype == reading.inputs.x.dtype
        own = same and not shape and name not in LIKE_X
        if own:
            look += ": look for a cast in the adapter before the framework is blamed"
        finding = Finding(name=f"{kind} of {name}", seen=said, look=look, certain=not own)
        yield _in(finding, reading.inputs)


def _precision(reading: Reading) -> Iterator[Finding]:
    """A float64 result that was computed in float32 on the way; who did it cannot be seen."""
    y = reading.outputs.get("y")
    if y is None or "y" in (*reading.off, *reading.misfits) or str(y.dtype) != "float64":
        return
    lost = distance(y, reading.due["y"])
    if lost > _SINGLE:
        finding = Finding(
            name="float64 computed in float32",
            seen=f"y is off by {lost:.1g} of its largest value",
            look="Look for a conversion in the adapter (jax_enable_x64, a default type) before "
            "the framework is blamed",
            certain=False,
        )
        yield _in(finding, reading.inputs)
