"""Faults that begin at a size or at a value: what a path for large calls loses, what is clamped."""

from __future__ import annotations

import numpy as np

from conformance.case import Array
from conformance.faults.fault import NORMALIZED, Fault
from conformance.faults.sheet import Edits, Formula, Sheet
from conformance.float_types import NARROW

_IMAGE = 4
_CHANNELS, _ROW, _IMAGES = 128, 1024, 768
_SLOPE = 1e12


def _modulo(column: Array) -> Array:
    """What belongs to channel c % 128, where there are more channels."""
    return np.take(column, np.arange(len(column)) % _CHANNELS, axis=0)


def _in_test(name: str) -> Formula:
    """A running statistic of another channel, in test mode."""
    return lambda s: s.correct(name) if s.training else _modulo(s.correct(name))


def _gamma_of_image(s: Sheet) -> Array:
    gamma: Array = s.correct("gamma")
    return _modulo(gamma) if s.inputs.x.ndim == _IMAGE else gamma


def _without_rows(s: Sheet) -> Array:
    y: Array = s.correct("y")
    shape = s.inputs.x.shape
    return np.zeros_like(y) if len(shape) >= _IMAGE and shape[-1] > _ROW else y


def _without_images(s: Sheet) -> Array:
    y = np.array(s.correct("y"))
    if s.inputs.x.ndim == _IMAGE and s.samples > _IMAGES:
        images = s.by_sample(y)
        images[:, _IMAGES:] = 0
        y = images.reshape(y.shape)
    return y


def _in_type_of(*, any_parameter: bool) -> Edits:
    """Mean and variance rounded to the type of the parameters and back, or to that of gamma."""

    def rounded(s: Sheet, values: Array) -> Array:
        if s.inputs.gamma is None and not any_parameter:
            return values
        return np.asarray(values.astype(s.inputs.parameter_dtype).astype(s.work))

    def variance(s: Sheet) -> Array:
        return rounded(s, np.asarray(s.average((s.x - s.correct("mean")) ** 2)))

    return {"mean": lambda s: rounded(s, s.correct("mean")), "var": variance}


FAULTS = (
    Fault(
        id="wide-rows-unwritten",
        title="nothing is written where a row has more than 1024 values",
        math="y = 0 where images are wider than 1024",
        touches=("y",),
        mode="both",
        shows="a last axis of more than 1024",
        hides="narrower images",
        edits={"y": _without_rows},
    ),
    Fault(
        id="images-from-768-unwritten",
        title="images from 768 on are not written",
        math="y = 0 from image 768 on",
        touches=("y",),
        mode="both",
        shows="more than 768 images",
        hides="smaller batches",
        edits={"y": _without_images},
    ),
    Fault(
        id="test-statistics-modulo-128",
        title="in test mode channels from 128 on use the statistics of channel c % 128",
        math="test: mean, var of channel c % 128",
        touches=NORMALIZED,
        mode="test",
        shows="more than 128 channels in test mode",
        hides="128 channels and less",
        edits={"center": _in_test("center"), "spread": _in_test("spread")},
    ),
    Fault(
        id="gamma-modulo-128",
        title="images of more than 128 channels are scaled by gamma of channel c % 128",
        math="y = gamma[c % 128] xhat + beta",
        touches=("y", "dx"),
        mode="both",
        shows="images of more than 128 channels",
        hides="128 channels and less; other ranks",
        edits={"gamma": _gamma_of_image},
    ),
    Fault(
        id="dbeta-zero-from-128",
        title="dbeta of float64 is 0 from channel 128 on",
        math="dbeta[c] = 0 where c >= 128",
        touches=("dbeta",),
        mode="both",
        shows="more than 128 channels in float64",
        hides="128 channels and less",
        types=("float64", "float64+float32"),
        edits={
            "dbeta": lambda s: np.where(
                np.arange(len(s.x))[:, None] < _CHANNELS, s.correct("dbeta"), 0
            )
        },
    ),
    Fault(
        id="gradient-clipped-1e12",
        title="dy is clipped to 1e12",
        math="dy = max(min(dy, 1e12), -1e12)",
        touches=("dx", "dgamma", "dbeta"),
        mode="both",
        shows="a dy beyond 1e12",
        hides="dy of ordinary size",
        edits={"dy": lambda s: np.clip(s.correct("dy"), -_SLOPE, _SLOPE)},
    ),
    Fault(
        id="statistics-in-parameter-type",
        title="mean and variance are rounded to the type of parameters that are narrower than x",
        math="mean, var rounded to the type of gamma",
        touches=(*NORMALIZED, "mean", "var"),
        mode="train",
        shows="parameters narrower than x",
        hides="parameters of the type of x, or wider",
        types=NARROW,
        edits=_in_type_of(any_parameter=True),
        otherwise=(_in_type_of(any_parameter=False),),
    ),
)
