"""What a call is made of, and which of it can meet: any two choices do, in some case."""

from __future__ import annotations

import math

from conformance.cases.design import Design
from conformance.float_types import NARROW

PIXELS = {
    "one": {"L": 1, "H": 1, "W": 1, "D": 1},
    "odd": {"L": 5, "H": 3, "W": 3, "D": 1},
    "even": {"L": 4, "H": 2, "W": 4, "D": 2},
}
"""Sizes of the axes of an image, a sequence or a volume."""

MOST = 2400
"""Values of x: a case is cheap, for a simulator too."""

_FEW = 5
_INNER = ("channels_last", "channels_first")


def shape_of(layout: str, channels: int, batch: int, image: str) -> tuple[int, ...]:
    """The shape of x."""
    return tuple({"N": batch, "C": channels, **PIXELS[image]}[name] for name in layout)


def _count(layout: str, batch: int, image: str) -> int:
    return math.prod(shape_of(layout, 1, batch, image))


def _fits(layout: str, channels: int, batch: int, image: str) -> bool:
    """Two values of a channel at least, and few of all."""
    count = _count(layout, batch, image)
    return count > 1 and count * channels <= MOST


def _moves(layout: str, kind: str) -> bool:
    """Whether memory of that kind is another than C order."""
    place = {"channels_last": len(layout) - 1, "channels_first": 1}.get(kind)
    return place is None or (len(layout) > 2 and layout.index("C") != place)  # noqa: PLR2004 - NC


DESIGN = Design(
    package="conformance.cases.catalogue.pairs",
    strength=2,
    factors={
        "layout": (
            "NC", "CN", "NCL", "NLC", "CNL", "NCHW", "NHWC", "NHCW", "CNHW", "NCDHW", "NDHWC",
        ),
        "axis": ("counted from the front", "counted from the end"),
        "channels": (1, 2, 7, 33, 130),
        "batch": (1, 2, 5, 16),
        "image": tuple(PIXELS),
        "types": (
            "float32", "float64", "float16", "bfloat16", "float16+float32", "bfloat16+float32",
            "float32+float16", "float32+bfloat16", "float64+float32",
        ),
        "mode": ("train", "test"),
        "data": ("varied", "offset"),
        "eps": (1e-5, 1e-3, 0.0, 2.0),
        "momentum": (0.1, 0.0, 1.0, 1.5, -0.25),
        "absent": ("nothing", "gamma and beta", "gamma", "beta", "running", "dy"),
        "earlier": (0, 1),
        "x": ("contiguous", "strided", "reversed", "transposed", "unaligned", *_INNER),
        "dy": (
            "contiguous", "strided", "reversed", "transposed", "unaligned", *_INNER, "broadcast",
            "overlapping",
        ),
        "affine": ("contiguous", "strided", "reversed", "unaligned", "broadcast"),
        "running": ("contiguous", "strided", "reversed", "unaligned"),
    },
    parts=(
        (("layout", "channels", "batch", "image"), _fits),
        (("layout", "image"), lambda layout, image: len(layout) > 2 or image == "one"),  # noqa: PLR2004 - NC
        (
            ("eps", "layout", "batch", "image"),
            lambda eps, *sizes: eps > 0 or _count(*sizes) >= _FEW,
        ),
        # A constant channel has no answer without eps, and in half precision few values differ.
        (("eps", "data"), lambda eps, data: eps > 0 or data == "varied"),
        (("layout", "x"), _moves),
        (("layout", "dy"), _moves),
        (("dy", "x"), lambda dy, x: dy != "overlapping" or x == "contiguous"),
        (("dy", "affine"), lambda dy, affine: dy != "overlapping" or affine == "contiguous"),
        (("dy", "running"), lambda dy, running: dy != "overlapping" or running == "contiguous"),
        (("absent", "dy"), lambda absent, dy: absent != "dy" or dy == "contiguous"),
        (("absent", "affine"), lambda absent, a: absent != "gamma and beta" or a == "contiguous"),
        (("absent", "running"), lambda absent, r: absent != "running" or r == "contiguous"),
        (("absent", "mode"), lambda absent, mode: absent != "running" or mode == "train"),
        (("absent", "earlier"), lambda absent, earlier: absent != "running" or not earlier),
        # In test mode the statistics are parameters: who takes their root in their own type, which
        # is narrower than x, is not wrong.
        (("types", "mode"), lambda types, mode: mode == "train" or types not in NARROW),
        (("mode", "earlier"), lambda mode, earlier: mode == "train" or not earlier),
    ),
)  # fmt: skip
"""The factors.

    layout    axes of x: C may be the first, the second, the last or one between
    axis      how the channel axis is said: 1, or -1
    channels  C, on both sides of 32 and of 128
    batch     N; image is how large the other axes are
    types     of x and, where they are others, of the parameters: wider or narrower
    data      varied: usual numbers; offset: a mean of 30 standard deviations
    eps       0 and above 1 among them
    momentum  above 1 and below 0 among them
    absent    what the call is not given
    earlier   batches before it
    x, dy     how they lie in memory, each by itself; see `conformance.memory`
    affine    how gamma and beta lie
    running   how the running statistics lie
"""
