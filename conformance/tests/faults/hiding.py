"""Where every fault hides, and the memory in which some of them show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.case import Array, Inputs
from conformance.tests.adapters.trial import ask
from conformance.tests.faults.independent import CORRECT, DIALECTS, KERNELS

NO_EPS = 1e-12
"""An eps that is lost against a float32 variance of 1."""


def every_second() -> Inputs:
    """A batch that is every second row of a larger one."""
    whole = ask((12, 5), offset=0.5).x
    return replace(ask((6, 5)), x=whole[::2])


def shared_parameters() -> Inputs:
    """A layer whose gamma is its running variance and whose beta is its running mean."""
    inputs = ask((6, 5))
    return replace(inputs, gamma=inputs.running_var, beta=inputs.running_mean)


def expanded_slope() -> Inputs:
    """The slope of a sum of y: one number, expanded."""
    inputs = ask((6, 5))
    return replace(inputs, dy=np.broadcast_to(np.float32(1.5), inputs.x.shape))


ODD_MEMORY: dict[str, Callable[[], Inputs]] = {
    "input-strides-ignored": every_second,
    "running-update-clobbers-affine": shared_parameters,
    "inverted-activation-output": expanded_slope,
}
"""What shows only in memory that no array of a golden file has by itself."""


def ones() -> Array:
    """A parameter that is 1 in every channel."""
    return np.ones(5, np.float32)


def in_pairs(**changes: Any) -> Inputs:
    """Integers whose mean, and whose product with 2, 2, 5, 5, is exactly 0."""
    x = np.outer([3, -3, 1, -1], [1, 2, 4, 1, 2]).astype(np.float32)
    return ask((4, 5), x=x, **changes)


def with_batch_as_buffers(*, training: bool) -> Inputs:
    """Running statistics that are exactly those of the batch."""
    inputs = ask((6, 5))
    found = CORRECT(inputs)
    mean, var = found["mean"], found["var"]
    return replace(inputs, running_mean=mean, running_var=var, training=training)


def fresh(**changes: Any) -> Inputs:
    """Test mode with a running variance of 1 and no eps to speak of."""
    return ask((6, 5), running_var=ones(), eps=NO_EPS, training=False, **changes)


def level_slope() -> Inputs:
    """A slope whose mean is exactly 0, in a batch whose mean is exactly 0."""
    return in_pairs(dy=np.outer([1, -1, -1, 1], np.ones(5)).astype(np.float32))


def orthogonal_slope() -> Inputs:
    """A slope that is exactly orthogonal to the batch."""
    return in_pairs(dy=np.outer([2, 2, 5, 5], np.ones(5)).astype(np.float32))


HIDDEN: dict[str, Callable[[], Inputs]] = {
    "eval-missing-std": fresh,
    "beta-sign-flip": lambda: ask((6, 5), beta=0 * ones()),
    "eps-hardcoded": lambda: ask((6, 5), eps=1e-5),
    "eps-clamped-min": lambda: ask((6, 5), eps=1e-3),
    "var-plus-eps-squared": fresh,
    "inv-variance-not-invstd": fresh,
    "gamma-ignored": lambda: ask((6, 5), gamma=None),
    "gamma-beta-swapped": lambda: ask((6, 5), beta=2 * ones(), gamma=2 * ones()),
    "eval-mean-not-subtracted": lambda: ask((6, 5), running_mean=0 * ones(), training=False),
    "train-uses-running-stats": lambda: with_batch_as_buffers(training=True),
    "train-bwd-uses-running-stats": lambda: ask((6, 5), running_mean=None, running_var=None),
    "eval-uses-batch-stats": lambda: with_batch_as_buffers(training=False),
    "eval-bwd-uses-batch-stats": lambda: with_batch_as_buffers(training=False),
    "eval-dx-missing-invstd": fresh,
    "momentum-swapped": lambda: ask((6, 5), momentum=0.5),
    "running-stats-overwritten": lambda: ask((6, 5), momentum=1.0),
    "running-var-includes-eps": lambda: ask((6, 5), eps=NO_EPS),
    "bessel-uses-batch-only": lambda: ask((6, 5)),
    "dx-missing-gamma": lambda: ask((6, 5), gamma=ones()),
    "dx-reductions-miss-gamma": lambda: ask((6, 5), gamma=ones()),
    "dx-local-term-misses-gamma": lambda: ask((6, 5), gamma=ones()),
    "dx-missing-mean-term": level_slope,
    "dx-missing-var-term": orthogonal_slope,
    "dx-divides-by-batch": lambda: ask((6, 5)),
    "dgamma-uses-y": lambda: ask((6, 5), gamma=ones(), beta=0 * ones()),
    "dgamma-missing-invstd": fresh,
    "param-grads-averaged": lambda: ask((1, 5)),
    "param-grads-averaged-over-batch": lambda: ask((1, 5, 4, 3)),
    "half-accumulation": lambda: ask((6, 5)),
    "half-square-overflow": lambda: ask((6, 5), np.float16),
    "eps-lost-in-half": lambda: ask((6, 5)),
    "params-downcast-to-half": lambda: ask((6, 5), np.float16),
    "running-ema-in-half": lambda: ask((6, 5)),
    "saved-stats-in-half": lambda: ask((6, 5)),
    "low-precision-atomics": lambda: ask((6, 5)),
    "denormal-flush": lambda: ask((6, 5)),
    "padding-counts-in-variance": lambda: ask((8, 5)),
    "last-partial-block-dropped": lambda: ask((32, 5)),
    "grid-limit-65535": lambda: ask((6, 5)),
    "axis-ignored-channels-first": lambda: ask((4, 3, 2, 5)),
    "input-strides-ignored": lambda: ask((6, 5)),
    "bwd-input-layout-reinterpreted": lambda: ask((4, 3, 2, 5)),
    "per-activation-stats": lambda: ask((6, 5)),
    "affine-broadcast-on-last-axis": lambda: ask((4, 3, 2, 5)),
    "count-uses-channels": lambda: ask((5, 5)),
    "input-mutated": lambda: ask((6, 5)),
    "running-update-clobbers-affine": lambda: ask((6, 5)),
    "output-dtype-promoted": lambda: ask((6, 5), np.float64),
    "std-gradient-nan-constant-channel": lambda: ask((6, 5)),
    "gamma-none-is-zero": lambda: ask((6, 5)),
    "empty-batch-nan": lambda: ask((6, 5)),
    "grad-mask-path": lambda: ask((6, 5)),
    "inverted-activation-output": lambda: ask((6, 5)),
}
"""A call on which each fault cannot be seen, to the last bit."""

HIDDEN_WITHIN_BOUNDS: dict[str, Callable[[], Inputs]] = {
    "bessel-nan-single-value": lambda: ask((6, 5)),
    "unweighted-chunk-merge": lambda: ask((8, 5)),
    "per-sample-stats": lambda: ask((1, 5, 4, 3)),
    "dx-projection-uses-y": lambda: ask((6, 5), gamma=ones(), beta=0 * ones()),
    "dx-sqrt-of-std-plus-eps": lambda: ask((6, 5), training=False),
}
"""The same for faults whose other order of operations moves the last bits."""

TEST_MODE_ONLY = {
    "eval-missing-std",
    "eval-mean-not-subtracted",
    "eval-uses-batch-stats",
    "running-updated-in-eval",
    "eval-dx-uses-train-formula",
    "eval-bwd-uses-batch-stats",
    "eval-dx-missing-invstd",
    "debias-divide-by-zero",
    "virtual-batch-in-eval",
}
TRAINING_ONLY = {
    "unbiased-var-in-normalise",
    "train-bwd-uses-running-stats",
    "single-pass-variance",
    "single-pass-variance-clamped",
    "padding-counts-in-variance",
    "last-partial-block-dropped",
    "unweighted-chunk-merge",
    "running-rmw-race",
    "per-activation-stats",
    "per-sample-stats",
    "count-uses-channels",
    *(n for n in KERNELS if n.startswith(("train-", "dx-", "dvar-"))),
    *(n for n in KERNELS if n.startswith(("running-", "momentum-", "bessel-"))),
} - {"running-updated-in-eval", *DIALECTS}
