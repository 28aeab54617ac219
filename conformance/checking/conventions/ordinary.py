"""What an ordinary call shows: the place of eps, the running statistics, what comes back."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from conformance.case import Dialect, Inputs
from conformance.checking.conventions.asking import Asking, answered, convention, without
from conformance.checking.doctor import experiments
from conformance.checking.doctor.finding import UNKNOWN, Finding
from conformance.checking.doctor.questions import Call, ordinary_calls
from conformance.harness.answer import Reply
from conformance.verdict.conventions import NAMED_AS, Convention

_GO_ON = (Reply.UNSUPPORTED, Reply.ERROR)
_STATISTICS = ("mean", "var", "inv_std")


def first(asking: Asking) -> tuple[Call | None, str]:
    """The first ordinary call that is answered, in training if any is; or why none is."""
    why = ""
    trained = (replace(call, dy=None) for call in ordinary_calls())
    tested = (_test_mode(call) for call in ordinary_calls())
    for inputs in chain(trained, tested):
        answer = asking.call(inputs)
        call = answered(answer, inputs)
        if call is not None:
            return call, ""
        why = why or without(answer)
        if answer.status not in _GO_ON:
            break
    return None, f"no ordinary call is answered: {why}"


def _test_mode(call: Inputs) -> Inputs:
    """The same in test mode, with the batch's own statistics as the running ones.

    So the same places of eps explain y, where a path has no training mode.
    """
    wide = np.asarray(call.x, np.float64).reshape(len(call.x), -1)
    kept = {"running_mean": wide.mean(axis=0), "running_var": wide.var(axis=0)}
    typed = {name: value.astype(call.x.dtype) for name, value in kept.items()}
    return replace(call, dy=None, training=False, **typed)


def shown(call: Call, dialect: Dialect) -> dict[str, Convention]:
    """What an answer to such a call shows, but for what the framework's own momentum weights."""
    with np.errstate(all="ignore"):
        place = experiments.eps(call, dialect)
        found = {"eps": _as_convention(place)}
        if not call.inputs.training:
            return found
        _, estimator = experiments.running(call, replace(dialect, momentum="new"))
        return found | {"running_var": _estimator(call, estimator), "saved": _saved(call)}


def handed_over(call: Call, dialect: Dialect) -> Convention:
    """What momentum weights, as the adapter hands it over: it is given the new value's weight."""
    if "running_mean" not in call.outputs:
        return convention("none", "no running mean comes back")
    with np.errstate(all="ignore"):
        seen, _ = experiments.running(call, replace(dialect, momentum="new"))
    if seen.found == UNKNOWN:
        return convention(None, seen.sentence)
    if seen.found == "new":
        said = f"as it declares: the adapter hands over {_HANDED[dialect.momentum]}, and"
        return convention(dialect.momentum, f"{said} the running mean moves by it")
    other = {"new": "old", "old": "new"}[dialect.momentum]
    return convention(other, f"the adapter hands it over the other way: {seen.sentence}")


_HANDED = {"new": "the new value's weight", "old": "1 minus the new value's weight"}


def _as_convention(finding: Finding) -> Convention:
    return convention(None if finding.found == UNKNOWN else finding.found, finding.sentence)


def _estimator(call: Call, finding: Finding) -> Convention:
    if not {"running_mean", "running_var"} & call.outputs.keys():
        return convention("none", "no running statistics come back")
    return _as_convention(finding)


def _saved(call: Call) -> Convention:
    """Which statistics come back, and what each is where that is not what its name says."""
    with np.errstate(all="ignore"):
        known = {finding.convention: finding for finding in experiments.names(call)}
    said = []
    for name in (name for name in _STATISTICS if name in call.outputs):
        finding = known.get(name)
        other = finding is not None and not finding.usual and finding.found != UNKNOWN
        said.append(f"{name}{NAMED_AS}{finding.found}" if finding and other else name)
    seen = "; ".join(known[name].sentence for name in known if name in call.outputs)
    return convention(
        ", ".join(said) or "returns none", seen or "neither var nor inv_std comes back"
    )
