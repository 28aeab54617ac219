"""Answers to problems of one's own: exact, proven, with a bound, or refused with a reason."""

from __future__ import annotations

import numpy as np

from conformance import oracle
from conformance.case import LIMIT, Case, Inputs, Problem
from conformance.errors import ConformanceError, RecipeError, UnprovenError
from conformance.float_types import FLOAT_TYPES
from conformance.oracle.arithmetic import roundoff
from conformance.oracle.bounds import is_gradable, scales
from conformance.oracle.expected import solve_inputs
from conformance.oracle.proof import Proof, prove
from conformance.oracle.storage import overflows_between


def answered(problem: Problem) -> tuple[Case, int]:
    """A problem with every answer that it asks for, and how many of its values were proven.

    Raises:
        RecipeError: batch normalization is not defined on it, an answer has no value, or no bound.
        UnprovenError: the proof does not accept a value.
    """
    inputs = problem.inputs
    try:
        _require_values(inputs)
        case = oracle.solve(problem)
        _require_answers(case)
        proof = prove(case)
    except UnprovenError:
        raise
    except ConformanceError as error:
        raise RecipeError(f"{problem.id}: {error}") from error
    if proof.disproofs:
        raise UnprovenError("\n".join(told(proof)))
    return case, proof.proven


def told(proof: Proof) -> list[str]:
    """A line for each value that is not proven."""
    return [
        f"{wrong.case}: {wrong.output}{list(wrong.index)} is {wrong.stored!r}: {wrong.why}"
        for wrong in proof.disproofs
    ]


def _require_values(inputs: Inputs) -> None:
    if 0 in inputs.x.shape:
        raise RecipeError(
            f"x has shape {inputs.x.shape} and no value, so that there is no mean and no variance. "
            "Give sizes of 1 or more; the suite's own group 'empty' has such calls."
        )
    if inputs.count == 1 and inputs.training and inputs.running_mean is not None:
        raise RecipeError(
            f"x of shape {inputs.x.shape} has 1 value for each statistic, and the running variance "
            "takes that of 2 or more (it divides by M - 1). Leave the running statistics out, "
            "use test mode, or make the batch larger."
        )


def _require_answers(case: Case) -> None:
    inputs, expected = case.inputs, case.expected
    if inputs.training and not is_gradable(inputs):
        raise RecipeError(_strained(inputs))
    if overflows_between(inputs):
        raise RecipeError(
            f"the running statistics are kept in {inputs.parameter_dtype} between "
            f"{len(inputs.earlier) + 1} batches and come near its largest value, "
            f"{_largest(str(inputs.parameter_dtype)):g}, after which nothing has a bound. "
            "Give smaller values, fewer earlier batches, or parameters of a wider type."
        )
    given = (*inputs.given().values(), *inputs.earlier)
    if not all(np.isfinite(array.astype(np.float64)).all() for array in given):
        return  # what IEEE 754 makes of NaN and infinity is an answer
    for name, values in expected.items().items():
        places = np.argwhere(~np.isfinite(values))
        if len(places):
            place = tuple(map(int, places[0]))
            raise RecipeError(
                f"{name}{list(place)} is {values[place]} though every input is finite: it has no "
                f"value, or none that float64 holds. {_why(inputs)}"
            )


def _why(inputs: Inputs) -> str:
    least = None if inputs.running_var is None else float(inputs.running_var.min())
    if not inputs.training and least is not None and least + inputs.eps <= 0:
        return (
            f"The smallest running_var is {least:g} and eps is {inputs.eps:g}: a sum above 0 was "
            "wanted under the root. Give another running_var, or a larger eps."
        )
    return "Give smaller values, or a larger eps."


def _strained(inputs: Inputs) -> str:
    """Why there is no bound: how much of the variance the roundoff of the inputs is worth."""
    answers = solve_inputs(inputs)
    assert answers.inv_std is not None  # noqa: S101 - there are values, as was required
    assert answers.mean is not None  # noqa: S101 - and they are a batch's
    assert answers.var is not None  # noqa: S101 - the same
    with np.errstate(all="ignore"):
        slack = scales(inputs, answers)["inv_std"] / answers.inv_std - 1
        strain = np.nan_to_num(2 * LIMIT * roundoff(inputs) * slack, nan=np.inf, posinf=np.inf)
    place = tuple(map(int, np.unravel_index(int(np.argmax(strain)), strain.shape)))
    where = f"channel {list(place) if len(place) > 1 else place[0]}"
    deviation = float(np.sqrt(answers.var[place]))
    share = f"{100 * strain[place]:.3g} %" if np.isfinite(strain[place]) else "all"
    return (
        f"{where} has mean {answers.mean[place]:.4g}, standard deviation {deviation:.4g} and eps "
        f"{inputs.eps:g}: {LIMIT:g} units of roundoff ({roundoff(inputs):.3g}) may change {share} "
        "of var + eps, less than 10 % was wanted, and y, dx, dgamma and inv_std have no bound "
        "there. Bring the mean nearer to 0 or the values farther apart, or give a larger eps or a "
        "wider type."
    )


def _largest(name: str) -> float:
    kind = FLOAT_TYPES[name]
    return (2.0 - 2.0 ** (1 - kind.bits)) * 2.0**kind.largest_exponent
