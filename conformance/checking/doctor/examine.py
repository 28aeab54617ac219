"""All experiments on one kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conformance.case import Dialect
from conformance.checking.doctor import axes, experiments
from conformance.checking.doctor.finding import CONVENTIONS, Ask, Finding, unknown
from conformance.checking.doctor.questions import ask_any


def examine(ask: Ask, declared: Dialect) -> tuple[Finding, ...]:
    """Find every convention of `CONVENTIONS`, as far as the kernel's outputs show it.

    Args:
        ask: Calls the kernel, in the conventions that are declared: where momentum is declared
            to weight the old value, it is given 1 - momentum.
        declared: Those conventions.

    Returns:
        One finding per convention; ``"unknown"`` where nothing fits, since a kernel may be wrong
        in other ways too.
    """
    answer = ask_any(ask)
    if answer is None:
        why = "it answers no training call of any type and rank"
        return tuple(unknown(convention, why) for convention in CONVENTIONS)
    momentum, running_var = experiments.running(answer, declared)
    place = experiments.eps(answer, declared)
    inv_std, var = experiments.names(answer)
    found = (
        momentum,
        running_var,
        place,
        axes.layout(ask, answer, declared),
        inv_std,
        var,
        experiments.default_eps(ask, answer, place.found),
        experiments.default_momentum(ask, answer, momentum.found),
    )
    by_name = {finding.convention: finding for finding in found}
    return tuple(by_name[name] for name in CONVENTIONS)


def dialect(findings: Iterable[Finding], declared: Dialect) -> Dialect:
    """The declared conventions with those that were found and that a dialect can say."""
    said = {
        f.convention: f.found
        for f in findings
        if f.confident and (f.setting or "").startswith("--dialect ")
    }
    return replace(declared, **said)  # type: ignore[arg-type]  # the settings are its own values
