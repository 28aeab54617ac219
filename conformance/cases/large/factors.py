"""What a large call is made of, and which of it can meet."""

from __future__ import annotations

from conformance.cases.design import Design

_MANY = 32
"""Values that are never all equal."""

MOST = 1 << 18
"""Channels times values of a row of the design that has several channels."""

_AXES_OF_IMAGES = {"NC": 0, "NCL": 1, "NLC": 1}


def _has(layout: str, long: str) -> bool:
    """Whether a layout has an axis of that name."""
    axes = _AXES_OF_IMAGES.get(layout, 2)
    return long == "batch" or axes > (long == "first")


DESIGN = Design(
    package="conformance.cases.large",
    strength=3,
    factors={
        "layout": ("NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"),
        "channels": (1, 32, 128, 256, 1024, 4096, 65_536),
        "values": (4, 32, 256, 1024, 4096, 65_536, 200_000),
        "types": (
            "float64", "float32", "float16", "bfloat16", "float16+float32", "bfloat16+float32",
        ),
        "long": ("batch", "first", "last"),
        "data": ("varied", "exact", "offset"),
        "mode": ("train", "test"),
        "eps": (1e-5, 1e-3, 0.0, 2.0),
        "momentum": (0.1, 0.9, 1.0, 0.0),
    },
    parts=(
        (("channels", "values"), lambda c, values: c == 1 or c * values <= MOST),
        (("layout", "long"), _has),
        (("data", "values"), lambda data, values: data != "exact" or values % 16 == 0),
        # Without eps a channel of equal values has no answer: few values of a half may be equal.
        (("eps", "values"), lambda eps, values: eps > 0 or values >= _MANY),
        (("eps", "data"), lambda eps, data: eps > 0 or data != "offset"),
    ),
)  # fmt: skip
"""The factors.

    layout    axes of x, the channels second or last
    channels  about how many; the row's number decides between one less, the same and one more
    values    about how long the long axis is, and so M, in the same way
    types     of x and, where they are others, of the parameters
    long      the axis that is long: the batch, or the first or last axis of an image
    data      varied: usual numbers; exact: integers whose sums are exact in any order;
              offset: a mean of 30 standard deviations
"""
