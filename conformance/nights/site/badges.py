"""Badges: SVG to show anywhere, and JSON for a badge service that draws its own."""

from __future__ import annotations

import json
from collections.abc import Mapping

import anybadge

from conformance.nights.site.archive import Archive, Shown
from conformance.nights.site.cells import SiteCell
from conformance.nights.site.names import badge

LABEL = "batch norm conformance"

_COLORS = {"conforms": "green", "degraded": "yellowgreen", "known failures": "yellow"}
_RED, _GREY = "red", "lightgrey"


def files(archive: Archive, totals: Mapping[str, SiteCell]) -> dict[str, str]:
    """Every badge of the site, by its place: one for the whole and one for each path."""
    found: dict[str, str] = {}
    words = {c: _words(shown, totals[c]) for c, shown in archive.shown.items()}
    for column, (text, color) in words.items():
        found |= _both(column, column, text, color)
    return found | _both("all", LABEL, *_overall(archive, totals))


def _both(name: str, label: str, text: str, color: str) -> dict[str, str]:
    drawn = anybadge.Badge(label=label, value=text, default_color=color)
    told = {"schemaVersion": 1, "label": label, "message": text, "color": color}
    return {
        badge(name, "svg"): drawn.badge_svg_text,
        badge(name, "json"): json.dumps(told, indent=1) + "\n",
    }


def _words(shown: Shown, total: SiteCell) -> tuple[str, str]:
    """What the badge of a path says; what did not report tonight is never green."""
    if shown.late:
        return "did not report", _GREY
    if total.red:
        return f"{total.red} failing", _RED
    if total.grade is None:
        return "nothing compared", _GREY
    counts = {status.value: n for status, n in total.counts.items()}
    known = {"known failures": counts.get("expected-fail"), "flaky": counts.get("flaky")}
    if any(known.values()):
        said = ", ".join(f"{number} {word}" for word, number in known.items() if number)
        return said, _COLORS["known failures"]
    if counts.get("degraded"):
        return f"{counts['degraded']} degraded", _COLORS["degraded"]
    return "conforms", _COLORS["conforms"]


def _overall(archive: Archive, totals: Mapping[str, SiteCell]) -> tuple[str, str]:
    tonight = [c for c, shown in archive.shown.items() if not shown.late]
    red = sum(bool(totals[c].red) for c in tonight)
    late = len(archive.shown) - len(tonight)
    if red:
        return f"{red} of {len(archive.shown)} paths failing", _RED
    if archive.alarms or late:
        return f"{late} paths did not report" if late else "alarm", _GREY
    return f"{len(tonight)} paths", _COLORS["conforms"]
