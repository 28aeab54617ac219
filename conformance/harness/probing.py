"""What a path cannot do on this machine, as its probes found."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from conformance.adapter import Probe
from conformance.case import Inputs
from conformance.errors import AdapterError

EVERYTHING = ""
"""Stands for all outputs of a call."""

PROBED = "on this machine: "
"""How the reason of what a probe refused begins."""


def lacking(probes: Iterable[Probe], inputs: Inputs) -> dict[str, str]:
    """The outputs of a call that this machine cannot compute, each with the reason as found.

    Raises:
        AdapterError: a probe raised something that is no answer.
    """
    found: dict[str, str] = {}
    for probe in probes:
        reason = _answer(probe) if probe.concerns(inputs) else None
        if reason is not None:
            said = f"{PROBED}{probe.name}: {reason}"
            found |= dict.fromkeys(probe.outputs or (EVERYTHING,), said)
    return found


@cache
def _answer(probe: Probe) -> str | None:
    """Ask once: what a machine can do does not change while a worker runs."""
    try:
        return probe.ask()
    except Exception as error:
        raise AdapterError(
            f"the probe {probe.name!r} raised {type(error).__name__}: {error}. An answer was "
            "wanted: None, or why it does not work. Catch in ask() what is a known refusal."
        ) from error
