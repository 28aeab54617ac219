"""Two faults in one kernel, one of which shows in few calls; and a third beside two."""

from __future__ import annotations

import pytest

from conformance.faults import FAULTS
from conformance.faults.hearing import Account
from conformance.faults.pairs import _doubts, _more
from conformance.power import naming
from conformance.power.naming import Outcome

RARE = (
    ("eps-hardcoded-1e-3", "no-running-normalizes-by-defaults"),
    ("nan-gradient-counts-as-zero", "param-grads-keepdim"),
    ("beta-sign-flip", "nan-counts-as-zero"),
)
"""Pairs whose other fault shows in one or two of the calls that the measurement makes."""

CELLS = {(f"case-{i}", "dx") for i in range(64)}
ONE, OTHER = FAULTS["beta-sign-flip"], FAULTS["nan-counts-as-zero"]


def account(*cells: tuple[str, str], moved: set[tuple[str, str]]) -> Account:
    """How one of two faults fares: cells that it explains, and cells that it changes."""
    return Account((ONE,), moved=moved, agreed={*cells})


@pytest.mark.parametrize("pair", RARE, ids="+".join)
def test_a_fault_that_shows_in_few_calls_is_named_beside_another(pair: tuple[str, str]) -> None:
    """Both are named, although one alone explains all wrong outputs but one or two."""
    assert naming.examine(pair)[1:] == (Outcome.RIGHT, sorted(pair))


@pytest.mark.parametrize(("both", "is_more"), [(64, True), (63, False), (62, False)])
def test_what_two_leave_is_made_up_for(both: int, *, is_more: bool) -> None:
    """Two that explain all need one cell more than one alone; two that leave some need more."""
    cells = sorted(CELLS)
    alone = account(*cells[:62], moved=CELLS)
    together = Account((ONE, OTHER), agreed={*cells[:both]})
    assert _more(together, (alone, account(moved=CELLS)), CELLS, least=2) == is_more


def test_a_fault_that_changes_another_output_of_a_call_may_be_half_of_a_pair() -> None:
    """One that changes nothing of an output is no pair, unless it reaches the call elsewhere."""
    odd, *rest = sorted(CELLS)
    most = account(*rest, moved=CELLS)
    assert _doubts(most, account(moved=set()), CELLS) is None
    assert _doubts(most, account(moved={("another", "dgamma")}), CELLS) is None
    assert _doubts(most, account(moved={(odd[0], "dgamma")}), CELLS) == [{odd}, set()]


def test_a_third_fault_is_named_where_two_are_there() -> None:
    """What two faults leave of an output is held against them and each other one."""
    three = ("eps-missing", "unbiased-var-in-normalise", "dx-divides-by-batch")
    assert naming.examine(three)[1:] == (Outcome.RIGHT, sorted(three))


@pytest.mark.parametrize(
    "subject",
    [
        ("half-accumulation",),
        ("eval-uses-batch-stats", "low-precision-atomics"),
        ("eval-mean-not-subtracted", "per-activation-stats"),
        ("dx-reductions-miss-gamma", "half-accumulation"),
    ],
    ids="+".join,
)
def test_what_rounding_leaves_is_given_no_name(subject: tuple[str, ...]) -> None:
    """A few outputs of half precision, or what two at once change elsewhere, name no other fault.

    It would be one that is belied in the same calls, one that says again what is said already,
    one that changes nothing of what is left, or half of a pair of which one explains nearly all.
    """
    _, outcome, names = naming.examine(subject)
    assert outcome in (Outcome.RIGHT, Outcome.PART)
    assert {*names} <= {*subject}
