"""Which protections a worker had, as reports say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SWITCH = "CONFORMANCE_SHIELD"
"""The environment variable that switches the shield off where it is ``off``."""

NAMES = (
    "grader",
    "keeper",
    "namespaces",
    "mounts",
    "landlock",
    "privileges",
    "limits",
    "imports",
)
"""Every protection, in the order in which docs/trust.md tells of them."""

_ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """What each protection of `NAMES` was.

    Attributes:
        states: ``"on"``, ``"on: how"`` or ``"off: why"`` for each name.
    """

    states: Mapping[str, str]

    def __getitem__(self, name: str) -> bool:
        """Whether one is on."""
        return self.states[name].startswith(_ON)

    @property
    def off(self) -> Mapping[str, str]:
        """Those that are off, and why."""
        return {n: s.removeprefix("off: ") for n, s in self.states.items() if not self[n]}

    @property
    def line(self) -> str:
        """All of them in a line."""
        on = ", ".join(_worded(n, s.removeprefix(_ON)) for n, s in self.states.items() if self[n])
        off = ", ".join(f"{name} ({why})" for name, why in self.off.items())
        return "; ".join(filter(None, [on and f"on: {on}", off and f"off: {off}"]))

    @property
    def warning(self) -> str:
        """What a reader must know: empty where all are on."""
        by_reason: dict[str, list[str]] = {}
        for name, why in self.off.items():
            by_reason.setdefault(why, []).append(name)
        return "; ".join(f"{', '.join(names)} off: {why}" for why, names in by_reason.items())


def _worded(name: str, how: str) -> str:
    return f"{name} ({how.removeprefix(': ')})" if how else name


def protections(told: Mapping[str, str], grader: str) -> Protections:
    """From what a launcher told, and how the grader itself is protected."""
    states = {name: told.get(name, "off: this system has no means for it") for name in NAMES}
    return Protections(states={**states, "grader": grader})


def none(why: str) -> Protections:
    """No protection at all."""
    return Protections(states=dict.fromkeys(NAMES, f"off: {why}"))
