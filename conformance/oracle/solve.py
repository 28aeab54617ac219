"""From a problem to a case: the exact answers, reduced to what can fairly be graded."""

from __future__ import annotations

from dataclasses import replace

from conformance.case import Case, Inputs, Outputs, Problem
from conformance.oracle.bounds import is_gradable
from conformance.oracle.expected import solve_inputs
from conformance.oracle.storage import overflows_between


def solve(problem: Problem) -> Case:
    """Solve a problem: its exact answers, as far as they are `owed`.

    Raises:
        InputError: the problem's inputs are not ones that batch normalization is defined on.
    """
    return Case(problem=problem, expected=owed(problem.inputs))


def owed(inputs: Inputs, *, eps_outside: bool = False) -> Outputs:
    """The exact answers that an implementation owes and that have a bound.

    An implementation owes no dgamma where there is no gamma and no dbeta where there is no beta.
    Where the inputs are so ill-conditioned that first-order bounds do not hold, only the mean,
    the variance, dbeta and the running statistics are graded; where a half type may overflow
    between batches, no running statistic is.

    Args:
        inputs: What is asked.
        eps_outside: The dialect ``(x - mean) / (sigma + eps)``.

    Raises:
        InputError: the inputs are not ones that batch normalization is defined on.
    """
    answers = solve_inputs(inputs, eps_outside=eps_outside)
    if inputs.training and not is_gradable(inputs, eps_outside=eps_outside):
        answers = replace(answers, y=None, dx=None, dgamma=None, inv_std=None)
    if overflows_between(inputs):
        answers = replace(answers, running_mean=None, running_var=None, running_var_biased=None)
    return replace(
        answers,
        dgamma=None if inputs.gamma is None else answers.dgamma,
        dbeta=None if inputs.beta is None else answers.dbeta,
    )
