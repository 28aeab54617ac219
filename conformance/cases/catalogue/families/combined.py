"""Many traps in one case: a channel each, so that few cases show most mistakes."""

from __future__ import annotations

from math import inf, nan

from conformance.cases.catalogue.recipe import CaseRow, Recipe
from conformance.cases.catalogue.upstream import USUAL
from conformance.cases.catalogue.values import VARIED, given, offset, signed, uniform

ABOUT = "Many traps at once, most in a channel of their own: the smoke tier is made of such cases."

_ONE, _OTHER = given(2.0, 0.75, 3.5, 1.25), given(3.0, -1.5, 2.5)

ROWS = (
    CaseRow(
        "train-float64",
        "NaN, infinity, a NaN gradient, gamma 0, a clipped gradient, mean/std 1e8, C = W, strides, "
        "and an eps that float32 does not hold.",
        Recipe(
            shape=(3, 5, 4, 5),
            types="float64",
            memory="transposed",
            eps=1e-5,
            x=VARIED.but({(0, 7): nan, (1, 11): inf}).but_channel(4, offset(1e8)),
            dy=USUAL.but(2, 5, nan).but(3, 4, 2.0**20),
            gamma=signed(0.5, 2.0).but_channel(3, given(0.0)),
        ),
        ("nan-counts-as-zero", "single-pass-variance", "input-strides-ignored"),
    ),
    CaseRow(
        "test-float32",
        "Running variances of 0 and below, an outlier, a skipped zero, images whose tail is left.",
        Recipe(
            shape=(2, 17, 17, 3),
            axis=3,
            training=False,
            memory="strided",
            x=VARIED.but({(2, 7): 2e4, (2, 100): 0.0}),
            running_var=uniform(5.0, 12.0).but_channel(0, given(0.0)).but_channel(1, given(-2.0)),
        ),
        ("running-var-clamped", "input-strides-ignored"),
    ),
    CaseRow(
        "square-no-running",
        "A square batch without gamma and without running statistics, in training.",
        Recipe(shape=(5, 5), gamma=None, running_mean=None, running_var=None),
        ("gamma-none-is-zero", "grad-mask-path"),
    ),
    CaseRow(
        "one-value-merged",
        "One value per channel, with gamma and the running variance in one array.",
        Recipe(
            shape=(1, 8),
            memory="merged",
            gamma=_ONE,
            running_var=_ONE,
            beta=_OTHER,
            running_mean=_OTHER,
        ),
        ("bessel-nan-single-value", "running-update-clobbers-affine"),
    ),
)
