"""What a path cannot do on this machine, and what its framework does here: found by trying."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from conformance.adapter import Adapter, Probe
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


def traits(adapter: Adapter) -> dict[str, bool]:
    """Which traits of an adapter's framework this machine shows.

    Raises:
        AdapterError: one could not be found out.
    """
    found = {}
    for name, shows in adapter.traits.items():
        try:
            found[name] = bool(shows())
        except Exception as error:
            raise AdapterError(
                f"the trait {name!r} of adapter {adapter.name!r} raised {type(error).__name__}: "
                f"{error}. True or False was wanted. Catch in it what can happen on a machine."
            ) from error
    return found


def worded(found: Mapping[str, bool]) -> str:
    """Traits as a record tells them: ``"fused-multiply-add"``, ``"no fused-multiply-add"``."""
    return "; ".join(name if shown else f"no {name}" for name, shown in sorted(found.items()))


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
