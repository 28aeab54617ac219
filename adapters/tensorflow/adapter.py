"""TensorFlow: its formula, the fused operation in both orders, each also under XLA, and Keras."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import packages_distributions
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only; read at the import below
import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.adapter import HALVES, MASKS, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect

from . import formula, kernels, layer, machine, operation, reproduction, stated

tf.get_logger().setLevel("ERROR")  # it warns that one function is traced for many shapes


DISTRIBUTIONS = tuple(packages_distributions()[name][0] for name in ("tensorflow", "keras"))
"""What they were installed as: tensorflow-cpu and keras, or their nightly builds, say."""


def device() -> str:
    """Where the paths run."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "cpu"
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"cuda: {details.get('device_name', 'unknown')}"


ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""Read when TensorFlow is imported; without it TensorFlow decides by the processor."""

OPERATION = Capabilities(
    dtypes=HALVES | {"float32"},
    pure=frozenset({"float32"}),
    ranks=frozenset({2, 4, 5}),
    without_gamma=False,
    without_beta=False,
)


def _path(name: str, about: str, run: Callable[..., Actual], **conventions: Any) -> Path:
    compiled = name.endswith("_xla")
    about = f"{about}, {'jit_compile=True' if compiled else 'eager'}"
    run = partial(run, mode="xla" if compiled else "eager")
    conventions = {
        "switches": {ONEDNN: "1"},
        "probes": (machine.HALF,) if compiled else (),
        **conventions,
    }
    return Path(name=name, about=about, run=run, **conventions)


def _formula_path(name: str) -> Path:
    return _path(
        name,
        "tf.nn.moments and tf.nn.batch_normalization",
        formula.run,
        defaults=stated.of_function,
        dialect=Dialect(running_var="none"),
        capabilities=Capabilities(per_activation=True),
    )


def _fused_path(name: str, order: str) -> Path:
    last, compiled = order == "NHWC", name.endswith("_xla")
    onednn = "0" if name.endswith("_no_onednn") else "1"
    about = f"FusedBatchNormV3 and FusedBatchNormGradV3, {order}, (N, C) as one pixel"
    return _path(
        name,
        about if compiled else f"{about}, {ONEDNN}={onednn}",
        partial(operation.run if compiled else kernels.run, order=order),
        defaults=stated.of_operation,
        dialect=Dialect(saves="var", layout="channels_last" if last else "channels_first"),
        capabilities=OPERATION,
        switches={ONEDNN: onednn},
        **({} if compiled else {"probes": kernels.probes(order)}),
    )


ADAPTER = Adapter(
    name="tensorflow",
    packages=DISTRIBUTIONS,
    device=device,
    reproduce=reproduction.program,
    traits={
        "fused-multiply-add": machine.fuses,
        "float16-under-xla": machine.converts_half,
        "float16-arithmetic": machine.computes_half,
    },
    paths=(
        _formula_path("nn"),
        _formula_path("nn_xla"),
        _fused_path("fused_nhwc", "NHWC"),
        _fused_path("fused_nchw", "NCHW"),
        _fused_path("fused_nhwc_no_onednn", "NHWC"),
        _fused_path("fused_nchw_no_onednn", "NCHW"),
        _fused_path("fused_nhwc_xla", "NHWC"),
        _fused_path("fused_nchw_xla", "NCHW"),
        Path(
            name="keras",
            about="tf.keras.layers.BatchNormalization, eager",
            run=partial(layer.run, mode="eager"),
            defaults=stated.of_layer,
            dialect=Dialect(running_var="biased", momentum="old"),
            capabilities=Capabilities(without_running=False, masks=MASKS),
            switches={ONEDNN: "1"},
        ),
    ),
)
