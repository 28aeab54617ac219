"""Correct algorithms that differ: edits of the correct kernel that keep the mathematics.

Whatever an honest framework does, some member does: none may ever be graded F.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from conformance.case import Array
from conformance.faults.sheet import STAGED, Edits, Formula, Sheet

_LANES = 32

_Moments: TypeAlias = tuple[int, Array, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Honest:
    """One correct algorithm.

    Attributes:
        id: Short name, unique.
        about: What it does, and whose idea it is, in a sentence.
        edits: Cells of the sheet and the formulas that replace them.
        narrow: It computes in float64, so that float64 inputs are none of its own.
    """

    id: str
    about: str
    edits: Edits
    narrow: bool = False


def _sequential(rows: Array) -> Array:
    if not rows.size:
        return np.zeros((len(rows), 1), rows.dtype)
    return np.asarray(np.add.accumulate(rows, axis=1)[:, -1:])


def _in_random_order(rows: Array) -> Array:
    order = np.random.default_rng(rows.shape[1]).permutation(rows.shape[1])
    return _sequential(rows[:, order])


def _blocked(size: int) -> Callable[[Array], Array]:
    def total(rows: Array) -> Array:
        if not rows.size:
            return _sequential(rows)
        blocks = [_sequential(rows[:, i : i + size]) for i in range(0, rows.shape[1], size)]
        return _sequential(np.concatenate(blocks, axis=1))

    return total


def _tree(rows: Array) -> Array:
    while rows.shape[1] > 1:
        half = (rows.shape[1] + 1) // 2
        upper = np.zeros((len(rows), half), rows.dtype)
        upper[:, : rows.shape[1] - half] = rows[:, half:]
        rows = rows[:, :half] + upper
    return _sequential(rows)


def _compensated(rows: Array) -> Array:
    """Kahan's summation in lanes, as a vector unit does it, and the lanes one by one."""
    while rows.shape[1] > 1:
        lanes = min(_LANES, (rows.shape[1] + 1) // 2)
        padded = np.zeros((len(rows), -rows.shape[1] % lanes), rows.dtype)
        steps = np.concatenate([rows, padded], axis=1).reshape(len(rows), -1, lanes)
        found, lost = np.zeros_like(steps[:, 0]), np.zeros_like(steps[:, 0])
        for i in range(steps.shape[1]):
            term = steps[:, i] - lost
            larger = found + term
            lost = (larger - found) - term
            found = larger
        rows = found
    return _sequential(rows)


def _wide_total(s: Sheet) -> Callable[[Array], Array]:
    return lambda rows: rows.sum(axis=1, keepdims=True, dtype=np.float64).astype(s.work)


def _wide_single_pass(s: Sheet) -> Array:
    x = s.x.astype(np.float64)
    mean = s.weighted(x).sum(axis=1, keepdims=True) / s.number
    squares = s.weighted(x**2).sum(axis=1, keepdims=True)
    return np.asarray((squares / s.number - mean**2).astype(s.work))


def _summing(total: Callable[[Array], Array]) -> Edits:
    return {"total": lambda _: total}


def _welford(s: Sheet) -> tuple[Array, Array]:
    mean, squares = np.zeros((len(s.x), 1), s.work), np.zeros((len(s.x), 1), s.work)
    weight = np.ones(s.x.shape, s.work) if s.mask is None else s.weight
    seen = np.cumsum(weight, axis=1)
    for i in range(s.count):
        x, counts = s.x[:, i : i + 1], weight[:, i : i + 1]
        off = x - mean
        mean = mean + counts * off / np.maximum(seen[:, i : i + 1], 1)
        squares = squares + counts * off * (x - mean)
    return mean, squares / s.number


def _chan(size: int, *, tree: bool) -> Formula:
    """Mean and variance of chunks, merged by counts (Chan, Golub and LeVeque, 1983)."""

    def moments(s: Sheet) -> tuple[Array, Array]:
        parts = [_of_chunk(s.x[:, i : i + size], s) for i in range(0, s.count, size)]
        while len(parts) > 1:
            if tree:
                pairs = [parts[i : i + 2] for i in range(0, len(parts), 2)]
                parts = [_merged(s, *pair) if len(pair) > 1 else pair[0] for pair in pairs]
            else:
                parts = [_merged(s, parts[0], parts[1]), *parts[2:]]
        count, mean, squares = parts[0] if parts else _of_chunk(s.x, s)
        return mean, squares / s.work(count)

    return moments


def _of_chunk(chunk: Array, s: Sheet) -> _Moments:
    count = chunk.shape[1]
    mean = chunk.sum(axis=1, keepdims=True) / s.work(count)
    return count, mean, ((chunk - mean) ** 2).sum(axis=1, keepdims=True)


def _merged(s: Sheet, one: _Moments, other: _Moments) -> _Moments:
    (n, mean, squares), (m, other_mean, other_squares) = one, other
    gap, part = other_mean - mean, s.work(m) / s.work(n + m)
    return n + m, mean + gap * part, squares + other_squares + gap**2 * s.work(n) * part


def _by_moments(moments: Formula, *, masks: bool = True) -> Edits:
    """Mean and variance of `moments`; those of two passes under a mask that it cannot take."""
    return {
        "moments": moments,
        "mean": lambda s: s.moments[0] if s.mask is None or masks else s.correct("mean"),
        "var": lambda s: s.moments[1] if s.mask is None or masks else s.correct("var"),
    }


def _shifted(s: Sheet) -> tuple[Array, Array]:
    """One pass over x - K with K the first value of the channel."""
    K = s.x[:, :1] if s.count else np.zeros((len(s.x), 1), s.work)
    mean = s.average(s.x - K)
    return K + mean, s.average((s.x - K) ** 2) - mean**2


def _folded_forward(s: Sheet) -> Array:
    scale = s.gamma * s.inv_std
    return np.asarray(s.x * scale + (s.beta - s.center * scale))


def _fused(s: Sheet) -> Array:
    """A fused multiply-add: the product is not rounded."""
    return np.asarray((s.gamma.astype(np.float64) * s.xhat + s.beta).astype(s.work))


def _dx_by_sums(s: Sheet) -> Array:
    if not s.training:
        return np.asarray(s.correct("dx"))
    M = s.number
    inner = M * s.dy - s.through(s.dbeta) - s.through(s.back_xhat * s.dgamma)
    return np.asarray(s.gamma * s.back_inv_std / M * inner)


def _dx_by_means(s: Sheet) -> Array:
    if not s.training:
        return np.asarray(s.correct("dx"))
    along = s.back_average(s.dy * s.back_deviation) / (s.spread + s.eps)
    inner = s.dy - s.through(s.back_average(s.dy)) - s.through(s.back_deviation * along)
    return np.asarray(inner * s.gamma * s.back_inv_std)


def _dx_folded(s: Sheet) -> Array:
    """Dx = a dy + b x + c with three numbers per channel, as one fused loop has it."""
    if not s.training:
        return np.asarray(s.correct("dx"))
    a = s.gamma * s.back_inv_std
    b = -a * s.back_inv_std * s.dgamma / s.number
    c = -a * s.back_average(s.dy) - b * s.center
    return np.asarray(a * s.dy + s.through(b * s.x) + s.through(c))


_MEMBERS = (
    Honest(id="two-pass", about="Mean, then mean of squared deviations; pairwise sums.", edits={}),
    Honest(
        id="sequential", about="Every sum one term after the other.", edits=_summing(_sequential)
    ),
    Honest(
        id="reversed",
        about="Every sum from the last term to the first.",
        edits=_summing(lambda rows: _sequential(rows[:, ::-1])),
    ),
    Honest(
        id="random-order",
        about="Every sum one by one in a random order, as atomic additions come.",
        edits=_summing(_in_random_order),
    ),
    Honest(id="blocks-16", about="Sums of blocks of 16, one by one.", edits=_summing(_blocked(16))),
    Honest(id="blocks-64", about="Sums of blocks of 64, one by one.", edits=_summing(_blocked(64))),
    Honest(id="tree", about="Halves added to halves, as a warp reduces.", edits=_summing(_tree)),
    Honest(
        id="kahan",
        about="Compensated summation (Kahan, 1965) in 32 lanes.",
        edits=_summing(_compensated),
    ),
    Honest(
        id="wide-sums",
        about="Sums in float64.",
        edits={"total": _wide_total},
        narrow=True,
    ),
    Honest(
        id="welford",
        about="Mean and squares updated value by value (Welford, 1962).",
        edits=_by_moments(_welford),
    ),
    Honest(
        id="chan-4",
        about="Chunks of 4 merged one after the other (Chan, Golub and LeVeque, 1983).",
        edits=_by_moments(_chan(4, tree=False), masks=False),
    ),
    Honest(
        id="chan-32-tree",
        about="Chunks of 32 merged as a tree, as GPU kernels do.",
        edits=_by_moments(_chan(32, tree=True), masks=False),
    ),
    Honest(
        id="shifted",
        about="One pass over x minus its first value (Chan, Golub and LeVeque, 1983).",
        edits=_by_moments(_shifted),
    ),
    Honest(
        id="wide-single-pass",
        about="E[x^2] - mean^2 in float64.",
        edits={"var": _wide_single_pass, "total": _wide_total},
        narrow=True,
    ),
    Honest(
        id="corrected-two-pass",
        about="Two passes, less the square of the mean deviation (Chan and others, 1983).",
        edits={"var": lambda s: s.average(s.deviation**2) - s.average(s.deviation) ** 2},
    ),
    Honest(id="staged", about="dvar, dmean, dx one after the other.", edits=STAGED),
    Honest(
        id="dx-by-sums",
        about="dx = gamma inv_std / M (M dy - dbeta - xhat dgamma).",
        edits={"dx": _dx_by_sums},
    ),
    Honest(
        id="dx-by-means",
        about="dx through mean(dy (x - mean)) / (var + eps).",
        edits={"dx": _dx_by_means},
    ),
    Honest(id="dx-folded", about="dx = a dy + b x + c.", edits={"dx": _dx_folded}),
    Honest(
        id="dgamma-folded",
        about="dgamma = inv_std (sum(dy x) - mean sum(dy)).",
        edits={
            "dgamma": lambda s: (
                s.back_inv_std * (s.back_total(s.dy * s.x) - s.center * s.back_total(s.dy))
                if s.count
                else s.correct("dgamma")
            )
        },
    ),
    Honest(
        id="y-folded",
        about="y = a x + b, as inference is fused into a convolution.",
        edits={"y": _folded_forward},
    ),
    Honest(
        id="fused-multiply-add",
        about="gamma xhat + beta, rounded once.",
        edits={"y": _fused},
        narrow=True,
    ),
    Honest(
        id="division",
        about="xhat = (x - mean) / sqrt(var + eps).",
        edits={
            "xhat": lambda s: (s.x - s.center) / np.sqrt(s.spread + s.eps),
            "back_xhat": lambda s: s.xhat,
        },
    ),
    Honest(
        id="power",
        about="inv_std = (var + eps)^(-1/2) by the power function.",
        edits={"inv_std": lambda s: (s.spread + s.eps) ** s.work(-0.5)},
    ),
    Honest(
        id="interpolated",
        about="running = old + m (new - old).",
        edits={"blend": lambda s: lambda old, new: old + s.momentum * (new - old)},
    ),
    Honest(
        id="bessel-in-sum",
        about="The unbiased variance as the sum of squares over M - 1.",
        edits={"fed_var": lambda s: s.total(s.weighted(s.deviation**2)) / (s.number - s.work(1))},
    ),
)

PANEL: Mapping[str, Honest] = MappingProxyType({member.id: member for member in _MEMBERS})
"""The honest algorithms by name."""
