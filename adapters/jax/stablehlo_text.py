"""XLA's own batch-normalization operations as a StableHLO module, and Python that runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import nested

IMPORTS = (
    "from jax.extend.backend import get_backend, get_compile_options",
    "from jaxlib._jax import DeviceList",
)

_TYPES = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16"}
_GRADIENTS = ("dx", "dgamma", "dbeta")


def lines(inputs: Inputs, output: str) -> Iterator[str]:
    """The arrays, the module, and its run with one output printed."""
    arrays = {"x": inputs.x, "scale": inputs.gamma, "offset": inputs.beta}
    if not inputs.training:
        arrays |= {"mean": inputs.running_mean, "var": inputs.running_var}
    elif inputs.dy is not None:
        arrays["dy"] = inputs.dy
    given = {name: values for name, values in arrays.items() if values is not None}
    for name, values in given.items():
        yield _array(name, values)
    names, body = _body(inputs, given)
    kinds = [_type(inputs.x) if name in {"y", "dx"} else _type(given["scale"]) for name in names]
    arguments = ", ".join(f"%{name}: {_type(values)}" for name, values in given.items())
    yield 'module = """'
    yield f"func.func public @main({arguments}) -> ({', '.join(kinds)}) {{"
    yield from (f"  {line}" for line in body)
    yield f"  return {', '.join(f'%{name}' for name in names)} : {', '.join(kinds)}"
    yield '}"""'
    yield "program = get_backend().compile_and_load("
    yield "    module, DeviceList((jax.devices()[0],)), get_compile_options(1, 1)"
    yield ")"
    yield f"found = program.execute([jnp.asarray(a) for a in ({', '.join(given)})])"
    yield f"print(np.asarray(found[{names.index(output)}]).tolist())"


def _array(name: str, values: Array) -> str:
    told = f"jnp.{values.dtype}"
    if not values.size:
        return f"{name} = np.zeros({values.shape}, {told})"
    return f"{name} = np.array({nested(values)}, {told})"


def _body(inputs: Inputs, given: dict[str, Array]) -> tuple[list[str], list[str]]:
    """The names of the results, and the operations."""
    (axis,) = inputs.channel_axes
    attributes = f"<{{epsilon = {_float32(inputs.eps)} : f32, feature_index = {axis} : i64}}>"
    x, one = _type(given["x"]), _type(given["scale"])
    if not inputs.training:
        operands = ("x", "scale", "offset", "mean", "var")
        called = _operation("inference", operands, (x, one, one, one, one), attributes)
        return ["y"], [f"%y = {called} -> {x}"]
    operation = _operation("training", ("x", "scale", "offset"), (x, one, one), attributes)
    names, body = ["y", "mean", "var"], [f"%y, %mean, %var = {operation} -> ({x}, {one}, {one})"]
    if "dy" in given:
        operands = ("x", "scale", "mean", "var", "dy")
        operation = _operation("grad", operands, (x, one, one, one, x), attributes)
        names += _GRADIENTS
        body.append(f"%dx, %dgamma, %dbeta = {operation} -> ({x}, {one}, {one})")
    return names, body


def _operation(kind: str, operands: Sequence[str], types: Sequence[str], attributes: str) -> str:
    told = ", ".join(f"%{name}" for name in operands)
    return f'"stablehlo.batch_norm_{kind}"({told}) {attributes} : ({", ".join(types)})'


def _type(values: Array) -> str:
    return f"tensor<{''.join(f'{size}x' for size in values.shape)}{_TYPES[str(values.dtype)]}>"


def _float32(value: float) -> str:
    """The float32 nearest to a number, as MLIR writes it: never without a point."""
    digits, _, exponent = repr(float(np.float32(value))).partition("e")
    return f"{digits}{'' if '.' in digits else '.0'}{exponent and 'e' + exponent}"
