"""Gamma and beta: absent, zero, of either sign, easily confused."""

from __future__ import annotations

from conformance.cases.catalogue.recipe import CaseRow
from conformance.cases.catalogue.shapes import NC, NCHW, NHWC
from conformance.cases.catalogue.values import given, signed, uniform

ABOUT = "Scale and shift that are absent, zero, negative or alike, and no running statistics."

_NONE = {"gamma": None, "beta": None}
_DOUBLE = NC.but(types="float64")

ROWS = (
    CaseRow(
        "no-gamma",
        "A missing gamma read as 0: y is beta.",
        NC.but(gamma=None),
        ("gamma-none-is-zero",),
    ),
    CaseRow(
        "no-gamma-nchw",
        "A missing gamma of images that makes the kernel skip dx.",
        NCHW.but(gamma=None),
        ("gamma-none-is-zero", "grad-mask-path"),
    ),
    CaseRow(
        "no-gamma-test",
        "A missing gamma folded into the test-mode scale as 0.",
        NC.test.but(gamma=None),
        ("gamma-none-is-zero",),
    ),
    CaseRow(
        "no-beta",
        "Dbeta or the shift taken from an uninitialized buffer where there is no beta.",
        NC.but(beta=None),
        ("grad-mask-path",),
    ),
    CaseRow(
        "no-beta-nhwc",
        "A channels-last kernel that uses gamma's pointer where there is no beta.",
        NHWC.but(beta=None),
        ("gamma-beta-swapped",),
    ),
    CaseRow(
        "no-beta-test",
        "An inference graph that drops the mean with the missing shift.",
        NC.test.but(beta=None),
        ("eval-mean-not-subtracted",),
    ),
    CaseRow(
        "no-affine",
        "Normalization without parameters that returns dx of a layer with gamma = 0.",
        NC.but(**_NONE),
        ("gamma-none-is-zero",),
    ),
    CaseRow(
        "no-affine-float64",
        "Float32 parameters of 1 and 0 made up for a float64 input, which promote or truncate.",
        _DOUBLE.but(**_NONE),
    ),
    CaseRow(
        "no-affine-test",
        "Test mode without parameters that does not divide.",
        NC.test.but(**_NONE),
        ("eval-missing-std",),
    ),
    CaseRow(
        "no-affine-float16",
        "Parameters of 1 and 0 made up in float32, so that float16 output is promoted.",
        NC.but(types="float16", **_NONE),
    ),
    CaseRow(
        "no-running",
        "Training without running statistics that fails or writes to a null buffer.",
        NC.but(running_mean=None, running_var=None),
        ("grad-mask-path",),
    ),
    CaseRow(
        "no-running-nchw",
        "Training of images without running statistics that normalizes by 0 and 1 instead.",
        NCHW.but(running_mean=None, running_var=None),
        ("train-uses-running-stats",),
    ),
    CaseRow(
        "nothing-but-x",
        "Optional arguments told apart by position: neither parameters nor running statistics.",
        NC.but(**_NONE, running_mean=None, running_var=None),
    ),
    CaseRow(
        "no-gamma-no-running",
        "The remaining optional argument (beta) taken for gamma.",
        NC.but(gamma=None, running_mean=None, running_var=None),
        ("gamma-beta-swapped",),
    ),
    CaseRow(
        "gamma-zero-one-channel",
        "xhat recovered by dividing y by gamma: NaN, or a wrong dgamma, where gamma is 0.",
        NC.but(gamma=signed(0.5, 2.0).but_channel(2, given(0.0))),
        ("inverted-activation-output", "gamma-ignored"),
    ),
    CaseRow(
        "gamma-zero-one-channel-nchw",
        "Channels with gamma = 0 pruned, their dgamma and dbeta with them.",
        NCHW.but(gamma=signed(0.5, 2.0).but_channel(1, given(0.0))),
        ("gamma-ignored",),
    ),
    CaseRow(
        "gamma-zero-one-channel-test",
        "Folded inference that divides by a scale of 0.",
        NC.test.but(gamma=signed(0.5, 2.0).but_channel(2, given(0.0))),
    ),
    CaseRow(
        "gamma-zero",
        "Dgamma computed from dx (which is 0 everywhere) in a layer that starts with gamma = 0.",
        NC.but(gamma=given(0.0)),
        ("dgamma-uses-y", "gamma-ignored"),
    ),
    CaseRow(
        "gamma-large",
        "A gamma that multiplies the mean terms of dx twice or not at all: it is near 1000.",
        _DOUBLE.but(gamma=signed(800.0, 1200.0)),
        ("dx-reductions-miss-gamma", "dx-local-term-misses-gamma"),
    ),
    CaseRow(
        "gamma-negative",
        "A dx that is scaled by |gamma| or by gamma^2.",
        NC.but(gamma=uniform(-2.0, -0.5)),
        ("dx-missing-gamma",),
    ),
    CaseRow(
        "beta-large",
        "dgamma = sum(dy * y) or a projection on y, to which a beta near 100 adds much.",
        _DOUBLE.but(beta=signed(80.0, 120.0)),
        ("dgamma-uses-y", "beta-sign-flip"),
    ),
    CaseRow(
        "swapped",
        "Gamma and beta exchanged: one is near 100, the other near 0.01.",
        NC.but(gamma=signed(80.0, 120.0), beta=signed(0.008, 0.012)),
        ("gamma-beta-swapped", "dgamma-dbeta-swapped"),
    ),
    CaseRow(
        "equal-to-running",
        "Gamma equal to the running variance and beta to the running mean, merged into one "
        "buffer that the update writes before it is read.",
        NC.but(gamma=given(2.0), beta=given(3.0), running_mean=given(3.0), running_var=given(2.0)),
        ("running-update-clobbers-affine",),
    ),
)
