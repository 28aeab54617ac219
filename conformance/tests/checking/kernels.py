"""Kernels in a file, for the tests of the check: a right one and some that are wrong."""

from __future__ import annotations

RIGHT = """
def batch_norm(x, gamma, beta, dy, *, running_mean, running_var, eps, momentum, training):
    rest, M = tuple(range(x.ndim - 1)), x.size // x.shape[-1]
    if M < 2: raise NotImplementedError("needs two values per channel")
    mean, var = (x.mean(rest), x.var(rest)) if training else (running_mean, running_var)
    x_hat, scale = (x - mean) / (var + eps) ** 0.5, gamma / (var + eps) ** 0.5
    out = {"y": x_hat * gamma + beta, "dgamma": (dy * x_hat).sum(rest), "dbeta": dy.sum(rest)}
    out["dx"] = scale * (dy - (out["dbeta"] + x_hat * out["dgamma"]) / M if training else dy)
    if training and running_mean is not None:
        out["running_mean"] = running_mean + momentum * (mean - running_mean)
        out["running_var"] = running_var + momentum * (var * M / (M - 1) - running_var)
    return out
batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32", "float64"]}
"""
"""Channels last, float32 and float64."""

WRONG = RIGHT.replace('x_hat * out["dgamma"]) / M', 'x_hat * out["dgamma"]) / len(x)')
"""dx divides by N where N*H*W values share a mean."""

BIASED = RIGHT.replace("var * M / (M - 1)", "var").replace(" momentum *", " (1 - momentum) *")
"""Another convention: momentum weights the old value; the running variance is biased."""

SHARP = RIGHT.replace("+ eps) **", "+ eps * (x.size != 6)) **")
"""Forgets eps where the batch has six values, as none of the stored ones."""
