"""XLA's own batch-normalization operations, reached through JAX primitives.

StableHLO has ``batch_norm_training``, ``batch_norm_grad`` and ``batch_norm_inference``
(https://openxla.org/stablehlo/spec); JAX lowers nothing to them, so each gets a primitive of its
own.  All operands have one type, and epsilon is a float32 attribute whatever that type is.
There is no operation for the gradient in test mode, so that gradient is left out.
"""

from __future__ import annotations

from typing import Any

from jax.core import ShapedArray  # type: ignore[import-not-found, unused-ignore]  # may be absent
from jax.extend.core import Primitive  # type: ignore[import-not-found, unused-ignore]  # the same
from jax.extend.mlir import ir  # type: ignore[import-not-found, unused-ignore]  # the same
from jax.extend.mlir.dialects import (  # type: ignore[import-not-found, unused-ignore]  # the same
    stablehlo,
)
from jax.interpreters import mlir  # type: ignore[import-not-found, unused-ignore]  # the same

from .calling import Arrays


def _attributes(eps: float, axis: int) -> tuple[Any, Any]:
    index = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), axis)
    return ir.FloatAttr.get(ir.F32Type.get(), eps), index


def _like(*arrays: Any) -> tuple[Any, ...]:
    return tuple(ShapedArray(array.shape, array.dtype) for array in arrays)


def _training_lowering(_: Any, x: Any, scale: Any, offset: Any, *, eps: float, axis: int) -> Any:
    return stablehlo.BatchNormTrainingOp(x, scale, offset, *_attributes(eps, axis)).results


def _grad_lowering(
    _: Any, x: Any, scale: Any, mean: Any, var: Any, dy: Any, *, eps: float, axis: int
) -> Any:
    return stablehlo.BatchNormGradOp(x, scale, mean, var, dy, *_attributes(eps, axis)).results


def _inference_lowering(
    _: Any, x: Any, scale: Any, offset: Any, mean: Any, var: Any, *, eps: float, axis: int
) -> Any:
    op = stablehlo.BatchNormInferenceOp(x, scale, offset, mean, var, *_attributes(eps, axis))
    return [op.result]


def _primitive(name: str, lowering: Any) -> Any:
    primitive = Primitive(name)
    primitive.multiple_results = True
    mlir.register_lowering(primitive, lowering)
    return primitive


batch_norm_training = _primitive("conformance_batch_norm_training", _training_lowering)
batch_norm_grad = _primitive("conformance_batch_norm_grad", _grad_lowering)
batch_norm_inference = _primitive("conformance_batch_norm_inference", _inference_lowering)

batch_norm_training.def_abstract_eval(lambda x, scale, _, **__: _like(x, scale, scale))
batch_norm_grad.def_abstract_eval(lambda x, scale, *_, **__: _like(x, scale, scale))
batch_norm_inference.def_abstract_eval(lambda x, *_, **__: _like(x))


def program(
    arrays: Arrays,
    *,
    eps: float,
    momentum: Any,  # noqa: ARG001 - the operations keep no running statistics
    axis: int,
    training: bool,
) -> Arrays:
    """The compiled function: what the operations give for one call."""
    x, gamma, beta = (arrays[name] for name in ("x", "gamma", "beta"))
    at = {"eps": eps, "axis": axis % x.ndim}
    if not training:
        statistics = arrays["running_mean"], arrays["running_var"]
        (y,) = batch_norm_inference.bind(x, gamma, beta, *statistics, **at)
        return {"y": y}
    y, mean, var = batch_norm_training.bind(x, gamma, beta, **at)
    outputs = {"y": y, "mean": mean, "var": var}
    if "dy" in arrays:
        gradients = batch_norm_grad.bind(x, gamma, mean, var, arrays["dy"], **at)
        outputs |= dict(zip(("dx", "dgamma", "dbeta"), gradients, strict=True))
    return outputs
