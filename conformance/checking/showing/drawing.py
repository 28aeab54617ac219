"""Drawings of numbers as SVG, in the colours of the page around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from conformance.case import Array
from conformance.checking.pictures import reduced

_WIDTH, _HEIGHT, _LEFT, _BELOW = 640, 160, 60, 8
"""Pixels of a plot, and what of them its labels take."""

_BARS, _BAR, _TALL = 48, 4, 28
"""Bars of a histogram, the width of one, and the height of the tallest."""

FLOOR = 1e-3
"""Error units that are drawn as no fewer: a logarithm has no zero."""

_DECADES = 30
"""Powers of ten that a plot spans at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a plot.

    Attributes:
        name: What the legend calls it.
        color: Number of its colour: the class ``s0`` to ``s4``.
        values: One number for every element, none negative; what is not finite lies at the top.
    """

    name: str
    color: int
    values: Array


def histogram(values: Array, said: str) -> str:
    """How the finite ones of some values are spread, from the least to the greatest."""
    finite = values[np.isfinite(values)].astype(np.float64)
    counts = _counts(finite)
    tallest = max(counts.max(initial=0), 1)
    bars = "".join(
        f'<rect x="{_BAR * i}" y="{_TALL - height:.1f}" width="{_BAR - 1}" height="{height:.1f}"/>'
        for i, height in enumerate(_TALL * counts / tallest)
        if height
    )
    return (
        f'<svg role="img" aria-label="{escape(said)}" class="bars" width="{_BAR * _BARS}" '
        f'height="{_TALL}" viewBox="0 0 {_BAR * _BARS} {_TALL}">{bars}</svg>'
    )


def _counts(finite: Array) -> Array:
    """Values in each of `_BARS` equal parts of their range; one part where all are equal."""
    if not finite.size:
        return np.zeros(_BARS)
    least, most = float(finite.min()), float(finite.max())
    if least == most:
        return np.bincount([_BARS // 2], weights=[finite.size], minlength=_BARS)
    # The largest float64 minus the least one overflows, and half of the smallest one is 0.
    part = 0.25 if max(abs(least), abs(most)) > 1 else 1.0
    place = (finite * part - least * part) / (most * part - least * part) * _BARS
    return np.bincount(np.minimum(place.astype(int), _BARS - 1), minlength=_BARS)


def plot(lines: Sequence[Line], said: str, *, limit: float | None = None) -> str:
    """Lines over the elements on a logarithmic scale, with a legend below.

    Args:
        lines: The lines, of one length; of many elements each block shows its largest number.
        said: What the drawing shows, in a sentence.
        limit: Where to draw a dashed line.
    """
    blocks = [reduced(line.values.ravel(), 0, _WIDTH - _LEFT) for line in lines]
    low, high = _range([*blocks, np.array([limit or np.nan])])
    drawn = "".join(
        _drawn(each, line.color, low, high) for each, line in zip(blocks, lines, strict=True)
    )
    if limit is not None:
        y = _height(limit, low, high)
        drawn += f'<path class="limit" d="M{_LEFT} {y:.1f}H{_WIDTH}"/>'
    legend = " ".join(
        f'<span class="key"><span class="s{line.color}">■</span> {escape(line.name)}</span>'
        for line in lines
    )
    return (
        f'<figure><svg role="img" aria-label="{escape(said)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}">{_scale(low, high)}{drawn}</svg>'
        f"<figcaption>{escape(said)}<br>{legend}</figcaption></figure>"
    )


def _range(values: Sequence[Array]) -> tuple[int, int]:
    """The powers of ten between which all numbers lie that are drawn."""
    every = np.concatenate([each.ravel() for each in values])
    drawn = every[np.isfinite(every) & (every > 0)]
    if not drawn.size:
        return 0, 1
    high = math.floor(math.log10(drawn.max())) + 1
    low = min(math.floor(math.log10(drawn.min())), high - 1) - bool((every == 0).any())
    return max(low, high - _DECADES), high


def _height(value: float, low: int, high: int) -> float:
    """Pixels from the top: NaN and infinity lie there, 0 at the bottom."""
    if not math.isfinite(value):
        return 2.0
    power = math.log10(value) if value > 0 else low
    part = min(max((power - low) / (high - low), 0.0), 1.0)
    return _HEIGHT - _BELOW - part * (_HEIGHT - 2 * _BELOW)


def _drawn(blocks: Array, color: int, low: int, high: int) -> str:
    step = (_WIDTH - _LEFT) / max(len(blocks), 1)
    # A step for each block, so that a single element is seen as well.
    points = (
        f"{_LEFT + i * step:.1f} {_height(float(v), low, high):.1f}H{_LEFT + (i + 1) * step:.1f}"
        for i, v in enumerate(blocks)
    )
    return f'<path class="line s{color}" d="M{"L".join(points)}"/>' if len(blocks) else ""


def _scale(low: int, high: int) -> str:
    """Horizontal lines at powers of ten, at most six of them."""
    every = -(-(high - low) // 6)
    return "".join(
        f'<path class="grid" d="M{_LEFT} {(y := _height(10.0**power, low, high)):.1f}H{_WIDTH}"/>'
        f'<text x="{_LEFT - 4}" y="{y + 4:.1f}">1e{power}</text>'
        for power in range(low, high + 1, every)
    )
