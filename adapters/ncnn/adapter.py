"""ncnn on the CPU: its layer BatchNorm, which is for inference, in a net of one layer.

There is no training mode and no gradient, and every argument is required.  The channels come
first, after the batch; arrays of other layouts are moved on the way in and back.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import net, reproduction


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _path(name: str, about: str, run: Callable[[Inputs], Actual]) -> Path:
    return Path(
        name=name,
        about=about,
        run=run,
        defaults=net.defaults,
        dialect=Dialect(running_var="none", layout="channels_first"),
        capabilities=Capabilities(
            dtypes=frozenset({"float32"}),
            mixed=frozenset(),
            training=False,
            without_gamma=False,
            without_beta=False,
        ),
    )


ADAPTER = Adapter(
    name="ncnn",
    packages=("ncnn",),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path("sample", "a net with the layer BatchNorm, one sample after the other", net.run),
        _path("batch", "the same, the samples in one Mat with batch_index=0", net.run_batch),
    ),
)
