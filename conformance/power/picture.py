"""The kill matrix as a picture: faults by groups of cases."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conformance.power.account import Json
from conformance.power.matrix import KILLED

_ROW, _COLUMN = 0.19, 0.34
"""Inches per fault and per group."""


def draw(power: Json) -> bytes:
    """The picture as SVG, the same bytes for the same measurement.

    A cell is dark where many of the group's cases reject the fault, empty where none does.
    """
    groups = list(dict.fromkeys(case.split("/")[0] for case in power["cases"]))
    faults = {name: f for name, f in power["faults"].items() if not f["accepted"]}
    shares = np.array([_shares(power["cases"], groups, fault) for fault in faults.values()])
    # Text as text: searchable, and small.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "power"}):
        figure = Figure(figsize=(4.2 + _COLUMN * len(groups), 1.6 + _ROW * len(faults)))
        axes = figure.add_subplot()
        axes.imshow(
            np.where(shares > 0, 0.15 + 0.85 * shares, np.nan),
            cmap="Blues",
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="none",
        )
        _label(axes, groups, faults)
        figure.tight_layout()
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()


def _shares(cases: list[str], groups: list[str], fault: Json) -> list[float]:
    killed: dict[str, list[bool]] = {group: [] for group in groups}
    for place, case in enumerate(cases):
        dead = any(row[place] in KILLED for row in fault["letters"].values())
        killed[case.split("/")[0]].append(dead)
    return [float(np.mean(found)) for found in killed.values()]


def _label(axes: Axes, groups: list[str], faults: dict[str, Json]) -> None:
    axes.set_xticks(range(len(groups)), groups, rotation=90, fontsize=8)
    axes.set_yticks(range(len(faults)), list(faults), fontsize=7)
    axes.xaxis.tick_top()
    categories = [fault["category"] for fault in faults.values()]
    firsts = [i for i, name in enumerate(categories) if i == 0 or categories[i - 1] != name]
    for first in firsts:
        axes.axhline(first - 0.5, color="black", linewidth=0.6)
        axes.text(
            len(groups) - 0.3, first, categories[first], fontsize=8, va="center", clip_on=False
        )
    axes.set_xlabel("share of the group's cases that reject the fault: pale some, dark all")
