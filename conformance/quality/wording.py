"""Quality in words, a line for each thing that is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.quality.measure import Battery, Quality

_WORTH = 0.5
"""Bits from which on a loss is named."""


def lines(quality: Quality) -> Iterator[str]:
    """What is worth a reader's time; one line for each type where nothing is."""
    for battery in quality.batteries:
        yield f"{battery.types}: {'; '.join(_told(battery))} ({battery.calls} calls)"


def _told(battery: Battery) -> Iterator[str]:
    yield _bits(battery)
    for found in battery.biased:
        yield (
            f"{found.output} is biased {found.toward} (Z = {found.Z:.1f}, by chance "
            f"{found.chance:.0e})"
        )
    if battery.rounded_again:
        yield f"{', '.join(battery.rounded_again)} not rounded once"


def _bits(battery: Battery) -> str:
    worst = sorted((b for b in battery.bits if b.bits >= _WORTH), key=lambda b: -b.bits)
    if not worst:
        return "no output loses half a bit against sums in a wider type"
    beyond = ", ".join(b.output for b in worst if b.beyond)
    said = ", ".join(f"{b.output} {b.bits:.1f}" for b in worst)
    more = f"; more than any honest algorithm measured: {beyond}" if beyond else ""
    return f"bits lost against the best honest sums: {said}{more}"
