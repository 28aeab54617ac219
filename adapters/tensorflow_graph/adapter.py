"""TensorFlow as a graph: what `tf.function` traces, and TensorFlow rewrites before it runs.

The paths of the eager column once more, called the same way. The arithmetic optimizer reorders the
gradient of the formula, and of the layer, so dx has other bits; those of the fused operation are
the same. The layer also under XLA. Without oneDNN no bit of the formula changed in the calls that
were tried, so it has no path for that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.adapter import MASKS, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect

from ..tensorflow import formula, kernels, layer, machine, reproduction, stated
from ..tensorflow.adapter import ADAPTER as EAGER
from ..tensorflow.adapter import ONEDNN, OPERATION


def _path(
    name: str, about: str, run: Callable[..., Actual], onednn: str = "1", **conventions: Any
) -> Path:
    compiled = name.endswith("_xla")
    return Path(
        name=name,
        about=f"{about}, tf.function{'(jit_compile=True)' if compiled else ''}",
        run=partial(run, mode="xla" if compiled else "graph"),
        switches={ONEDNN: onednn},
        **conventions,
    )


def _fused_path(name: str, order: str, onednn: str = "1") -> Path:
    return _path(
        name,
        f"FusedBatchNormV3 and FusedBatchNormGradV3, {order}, {ONEDNN}={onednn}",
        partial(kernels.run, order=order),
        onednn,
        defaults=stated.of_operation,
        dialect=Dialect(
            saves="var", layout="channels_last" if order == "NHWC" else "channels_first"
        ),
        capabilities=OPERATION,
        probes=kernels.probes(order),
    )


def _layer_path(name: str, **conventions: Any) -> Path:
    return _path(
        name,
        "tf.keras.layers.BatchNormalization",
        layer.run,
        defaults=stated.of_layer,
        dialect=Dialect(running_var="biased", momentum="old"),
        capabilities=Capabilities(without_running=False, masks=MASKS),
        **conventions,
    )


ADAPTER = Adapter(
    name="tensorflow_graph",
    packages=EAGER.packages,
    device=EAGER.device,
    reproduce=partial(reproduction.program, otherwise="graph"),
    traits=EAGER.traits,
    paths=(
        _path(
            "nn",
            "tf.nn.moments and tf.nn.batch_normalization",
            formula.run,
            defaults=stated.of_function,
            dialect=Dialect(running_var="none"),
            capabilities=Capabilities(per_activation=True),
        ),
        _fused_path("fused_nhwc", "NHWC"),
        _fused_path("fused_nchw", "NCHW"),
        _fused_path("fused_nhwc_no_onednn", "NHWC", onednn="0"),
        _fused_path("fused_nchw_no_onednn", "NCHW", onednn="0"),
        _layer_path("keras"),
        _layer_path("keras_xla", probes=(machine.HALF,)),
    ),
)
