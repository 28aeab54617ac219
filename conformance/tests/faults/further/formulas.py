"""Ways to y, the gradients and the running statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from conformance.case import Array
from conformance.faults.sheet import Edits, Sheet
from conformance.tests.faults.further.sums import one_by_one


def _centered_first(s: Sheet) -> Array:
    """Dy loses its mean before it is projected on xhat."""
    if not s.training:
        return np.asarray(s.correct("dx"))
    centered = s.slope - s.back_average(s.slope)
    inner = centered - s.back_xhat * s.back_average(centered * s.back_xhat)
    return np.asarray(inner * s.back_inv_std)


def _with_the_jacobian(s: Sheet) -> Array:
    """The whole matrix of derivatives, M by M, times dy (small M)."""
    if not s.training or s.count > 128:
        return np.asarray(s.correct("dx"))
    share = s.work(1) / s.work(max(s.count, 1))
    one = np.eye(s.count, dtype=s.work)
    h = s.back_xhat
    jacobian = one - share - h[:, :, None] * h[:, None, :] * share
    return np.asarray(s.back_inv_std * (jacobian @ s.slope[:, :, None])[:, :, 0])


def _gamma_last(s: Sheet) -> Array:
    if not s.training:
        return np.asarray(s.correct("dx"))
    h, M = s.back_xhat, s.work(s.count)
    inner = s.dy - (s.dbeta + h * s.dgamma) / M
    return np.asarray(inner * s.back_inv_std * s.gamma)


def _by_samples(s: Sheet) -> Array:
    """Sums over each sample's values first, then over the samples."""
    parts = s.by_sample(s.dy * s.back_xhat)
    return np.asarray(parts.sum(axis=2).sum(axis=1)[:, None])


def _recomputed(s: Sheet) -> Array:
    """The backward pass forms the mean again, in another order."""
    if not s.training or not s.count:
        return np.asarray(s.center)
    return np.asarray(one_by_one(s.x) / s.work(s.count))


def _increment(s: Sheet) -> Callable[[Array, Array], Array]:
    """Old - m (old - new), in float64, and rounded once."""
    return lambda old, new: (
        old.astype(np.float64) - s.momentum * (old.astype(np.float64) - new)
    ).astype(s.work)


def _scale_and_shift(s: Sheet) -> Array:
    """Gamma / sqrt(V) once per channel, from the deviation."""
    return np.asarray((s.x - s.center) * (s.gamma * s.inv_std) + s.beta)


def _wide(s: Sheet) -> Array:
    """Y in float64 from float32 statistics."""
    x, mean, r = (v.astype(np.float64) for v in (s.x, s.center, s.inv_std))
    return np.asarray((s.gamma * ((x - mean) * r) + s.beta).astype(s.work))


FORMS: Mapping[str, Edits] = {
    "dy centered first": {"dx": _centered_first},
    "dx by the Jacobian": {"dx": _with_the_jacobian},
    "gamma last in dx": {"dx": _gamma_last},
    "dgamma by samples": {"dgamma": _by_samples},
    "dgamma from deviations": {
        "dgamma": lambda s: (
            s.back_inv_std * s.back_total(s.dy * s.back_deviation)
            if s.count
            else s.correct("dgamma")
        ),
    },
    "dgamma and dbeta as means": {
        "dbeta": lambda s: (
            s.back_average(s.dy) * s.work(s.count) if s.count else s.correct("dbeta")
        ),
        "dgamma": lambda s: (
            s.back_average(s.dy * s.back_xhat) * s.work(s.count) if s.count else s.correct("dgamma")
        ),
    },
    "mean formed again backward": {"back_center": _recomputed},
    "scale and shift": {"y": _scale_and_shift},
    "y in float64": {"y": _wide},
    "gamma times deviation": {"y": lambda s: s.gamma * (s.x - s.center) * s.inv_std + s.beta},
    "running as an increment": {"blend": _increment},
    "Bessel as var + var / (M - 1)": {"fed_var": lambda s: s.var + s.var / s.work(s.count - 1)},
    "Bessel by a quotient": {"bessel": lambda s: 1 / (1 - s.work(1) / s.work(s.count))},
    "momentum times M, over M - 1": {
        "fed_var": lambda s: (s.var * s.work(s.count)) / s.work(s.count - 1),
    },
}
