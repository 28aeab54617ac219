"""Channels that hold a NaN, an infinity, or a variance + eps that is not positive.

There exact arithmetic has no answer.  Outputs that depend on the offending value are what the
textbook formulas give in IEEE float64; every other output of the channel stays exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from conformance.case import Array
from conformance.oracle import outside
from conformance.oracle.exact import Channel, ChannelResults, infer, scaled_variance, train
from conformance.oracle.rounding import Floats
from conformance.oracle.sums import batch_sums

Mask = npt.NDArray[np.bool_]


def train_any(channel: Channel, *, eps_outside: bool = False) -> ChannelResults:
    """Training mode for whatever `exact.train` (or `outside.train`) refuses."""
    x_bad, dy_bad = bool(_bad(channel.x).any()), bool(_bad(channel.dy).any())
    no_r = x_bad or not has_root(channel)
    solve = outside.train if eps_outside else train
    no_gamma, no_beta = not np.isfinite(channel.gamma), not np.isfinite(channel.beta)
    taint: dict[str, bool | Mask] = {
        "mean": x_bad,
        "var": x_bad,
        "inv_std": no_r,
        "y": no_r or no_gamma or no_beta,
        "dbeta": dy_bad,
        "dgamma": no_r or dy_bad,
        "dx": no_r or dy_bad or no_gamma,
    }
    exact = solve(_cleaned(channel, no_r=no_r))
    loose = dict(_textbook_train(channel, eps_outside=eps_outside))
    if "dx" in exact and no_gamma and not (no_r or dy_bad):
        loose["dx"] = _times(channel.gamma, exact["dx"])  # its sign is that of the exact value
    return _merge(exact, loose, taint)


def infer_any(
    channel: Channel, running_mean: float, running_var: float, *, eps_outside: bool = False
) -> ChannelResults:
    """Test mode for whatever `exact.infer` (or `outside.infer`) refuses."""
    x_bad, dy_bad = _bad(channel.x), _bad(channel.dy)
    no_r = not (np.isfinite(running_var) and running_var + channel.eps > 0)
    no_r = no_r or (eps_outside and running_var < 0)
    no_mean, no_gamma = not np.isfinite(running_mean), not np.isfinite(channel.gamma)
    taint: dict[str, bool | Mask] = {
        "inv_std": no_r,
        "y": x_bad | (no_r or no_mean or no_gamma or not np.isfinite(channel.beta)),
        "dbeta": bool(dy_bad.any()),
        "dgamma": bool(no_r or no_mean or x_bad.any() or dy_bad.any()),
        "dx": dy_bad | (no_r or no_gamma),
    }
    solve = outside.infer if eps_outside else infer
    exact = solve(
        _cleaned(channel, no_r=no_r),
        0.0 if no_mean else running_mean,
        0.0 if no_r else running_var,
    )
    given = (running_mean, running_var)
    return _merge(exact, _textbook_infer(channel, given, eps_outside=eps_outside), taint)


def has_root(channel: Channel) -> bool:
    """Whether ``var + eps`` of a channel of finite x is positive, decided exactly."""
    return (
        bool(np.isfinite(channel.eps))
        and scaled_variance(batch_sums(channel.x), channel.eps)[0] > 0
    )


def _textbook_train(channel: Channel, *, eps_outside: bool) -> ChannelResults:
    with np.errstate(all="ignore"):
        x = np.asarray(channel.x, dtype=np.float64)
        mean = float(x.mean())
        var = float(np.square(x - mean).mean())
    return _textbook(channel, (mean, var), training=True, eps_outside=eps_outside)


def _textbook_infer(
    channel: Channel, given: tuple[float, float], *, eps_outside: bool
) -> ChannelResults:
    return _textbook(channel, given, training=False, eps_outside=eps_outside)


def _textbook(
    channel: Channel, statistics: tuple[float, float], *, training: bool, eps_outside: bool
) -> ChannelResults:
    x = np.asarray(channel.x, dtype=np.float64)
    with np.errstate(all="ignore"):
        mean, var = statistics
        root = np.sqrt(np.float64(var if eps_outside else var + channel.eps))
        r = float(1 / (root + channel.eps if eps_outside else root))
        x_hat = (x - mean) * r
        results: dict[str, Floats | float] = {
            "mean": mean,
            "var": var,
            "inv_std": r,
            "y": channel.gamma * x_hat + channel.beta,
        }
        if channel.dy is not None:
            dy = np.asarray(channel.dy, dtype=np.float64)
            along = (dy * x_hat).sum()
            centred = dy - dy.mean() - x_hat * along / x.size if training else dy
            results["dx"] = channel.gamma * r * centred
            results["dgamma"], results["dbeta"] = float(along), float(dy.sum())
    return results


def _merge(
    exact: ChannelResults, loose: ChannelResults, taint: dict[str, bool | Mask]
) -> ChannelResults:
    merged: dict[str, Floats | float] = {}
    for name, value in exact.items():
        chosen = np.where(taint[name], loose[name], value)
        merged[name] = chosen + 0.0 if chosen.ndim else float(chosen) + 0.0  # no -0
    return merged


def _times(gamma: float, values: Floats | float) -> Floats:
    with np.errstate(all="ignore"):
        return np.asarray(gamma * np.asarray(values), dtype=np.float64)


def _cleaned(channel: Channel, *, no_r: bool) -> Channel:
    """The channel with 0 for what is not finite, and with a root where it has none."""
    return replace(
        channel,
        x=_finite(channel.x),
        dy=None if channel.dy is None else _finite(channel.dy),
        gamma=channel.gamma if np.isfinite(channel.gamma) else 1.0,
        beta=channel.beta if np.isfinite(channel.beta) else 0.0,
        eps=1.0 if no_r else channel.eps,
    )


def _finite(values: Array) -> Floats:
    wide = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(wide), wide, 0.0)


def _bad(values: Array | None) -> Mask:
    return ~np.isfinite(np.asarray(0.0 if values is None else values, dtype=np.float64))
