"""From what was seen to cases with exact, proven answers, and what the framework's are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from conformance import memory
from conformance.arrays import INPUT_NAMES, OUTPUT_NAMES
from conformance.capture.grouping import groups_of
from conformance.capture.seen import Left, Recorder, Seen
from conformance.case import Array, Case, Inputs, Problem
from conformance.cases.golden import content
from conformance.errors import ConformanceError, InputError
from conformance.harness.answer import Answer, Reply
from conformance.harness.judging import judged
from conformance.oracle.proof import prove
from conformance.oracle.solve import solve
from conformance.printable import printable
from conformance.type_names import name_of
from conformance.verdict.record import OutputResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A captured call with its exact answers.

    Attributes:
        seen: The call.
        case: The case that is made of it.
        proven: How many of its values were proven.
        results: What the framework's own outputs are worth, by name.
    """

    seen: Seen
    case: Case
    proven: int
    results: Mapping[str, OutputResult]


def answered(
    recorder: Recorder, progress: Callable[[int, int], None] = lambda *_: None
) -> tuple[list[Answered], list[Left]]:
    """Solve, prove and judge all calls that were captured.

    Args:
        recorder: What was taken down.
        progress: Called after every call with how many are done, of how many.

    Returns:
        The calls, layer by layer in the order in which these were called first; and what was left
        out, with the reasons.
    """
    found, left = [], list(recorder.left)
    groups = groups_of(recorder.seen)
    for done, one in enumerate(recorder.seen, start=1):
        try:
            found.append(_answered(one, groups[one], recorder))
        except ConformanceError as error:
            left.append(
                Left(layer=one.layer, step=one.step, call=one.number, why=str(error).rstrip("."))
            )
        progress(done, len(recorder.seen))
    order = list(dict.fromkeys(one.layer for one in recorder.seen))
    return sorted(found, key=lambda answer: order.index(answer.seen.layer)), left


def _answered(one: Seen, group: str, recorder: Recorder) -> Answered:
    """One call.

    Raises:
        ConformanceError: it has no exact answers, or is no case.
    """
    if "y" not in one.gave:
        raise InputError("it came to no end: a call that raises, or is cut short, has no answers")
    problem = _problem(one, group, recorder.about)
    _require_finite(problem.inputs)
    case = solve(problem)
    content.require(case)
    proof = prove(case)
    if proof.disproofs:
        wrong = proof.disproofs[0]
        raise InputError(
            f"{wrong.output}{list(wrong.index)} is {wrong.stored!r}, not proven: {wrong.why}"
        )
    gave = {name: one.gave[name] for name in OUTPUT_NAMES if name in one.gave}
    results = judged(case, recorder.dialect, Answer(status=Reply.OK, outputs=gave))
    return Answered(
        seen=one,
        case=case,
        proven=proof.proven,
        results={name: results[name] for name in OUTPUT_NAMES if name in results and name in gave},
    )


def _problem(one: Seen, group: str, about: str) -> Problem:
    given: Mapping[str, Any] = {n: one.given[n] for n in INPUT_NAMES if n in one.given}
    inputs = Inputs(
        **given,
        eps=one.setting.eps,
        momentum=one.setting.momentum,
        training=one.setting.training,
        axis=one.setting.axis,
        memory=memory.words(one.memory) if one.memory else "contiguous",
    )
    if one.gave["y"].dtype != inputs.x.dtype:
        raise InputError(
            f"y is {name_of(one.gave['y'].dtype)} where x is {name_of(inputs.x.dtype)}; one type "
            "was wanted: a layer that computes in another type than it is given is told which"
        )
    again = f"-call-{one.number}" if one.number else ""
    return Problem(
        id=f"{group}/step-{one.step}{again}",
        group=group,
        catches=f"What the layer {_plain(one.layer)} of a model sees.",
        made=_made(one, about),
        inputs=inputs,
    )


def _made(one: Seen, about: str) -> str:
    part = ""
    if one.kept is not None:
        part = f"; channels {', '.join(map(str, one.kept))} of {one.shape[one.setting.axis]}"
    shape = "x".join(map(str, one.shape))
    return (
        f"captured from the layer {_plain(one.layer)} of a model in {about}: step {one.step}, "
        f"call {one.number}, x of shape {shape}{part}"
    )


def _plain(name: str) -> str:
    return repr(printable(name))


def _require_finite(inputs: Inputs) -> None:
    """Refuse what no bound holds for.

    Raises:
        InputError: a value is not finite.
    """
    for name, array in inputs.given().items():
        wide = array.astype(np.float64)
        wrong = int(np.count_nonzero(~np.isfinite(wide)))
        if wrong:
            raise InputError(
                f"{name} has {wrong} of {prod(array.shape)} values that are not finite, for which "
                "no bound holds"
            )


def arrays(answer: Answered) -> dict[str, Array]:
    """What the framework gave, in types that numpy's own files hold: bfloat16 as float32."""
    return {
        name: array if array.dtype.kind == "f" else array.astype(np.float32)
        for name, array in answer.seen.gave.items()
    }
