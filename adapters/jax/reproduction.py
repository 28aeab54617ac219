"""A call of a path as a program in the terms of JAX, Flax or StableHLO, for an issue tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import in_numpy

from . import stablehlo_text

ARGUMENTS = {
    "x": "x",
    "scale": "gamma",
    "bias": "beta",
    "mean": "running_mean",
    "var": "running_var",
    "dy": "dy",
    "mask": "mask",
}
"""Names in the program, and the inputs that they are."""

LEAVES = {"x": "dx", "scale": "dgamma", "bias": "dbeta"}
"""What gradients are taken by, and their names."""

HEAD = ("import jax", "import jax.numpy as jnp", "import numpy as np")
"""What every program imports."""

X64 = ('jax.config.update("jax_enable_x64", True)', "")
"""What comes between the imports and the rest: without it JAX has no float64."""


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    if path == "xla_hlo":
        lines = [*HEAD, *stablehlo_text.IMPORTS, *X64, *stablehlo_text.lines(inputs, output)]
    elif path == "jnp":
        lines = [*HEAD, *X64, *_formula(inputs, output)]
    elif path == "nnx":
        lines = [*HEAD, "from flax import nnx", *X64, *_nnx(inputs, output)]
    else:
        lines = [*HEAD, "from flax import linen", *X64, *_linen(inputs, output, path)]
    return "\n".join(lines) + "\n"


def array(name: str, values: Array) -> str:
    """One array of the program, in numpy, which converts without flushing subnormal numbers."""
    return f"{name} = {in_numpy(values, f'jnp.{jnp_name(values)}')}"


def jnp_name(values: Array) -> str:
    """What `jax.numpy` calls the type of an array."""
    return "bool_" if values.dtype == np.bool_ else str(values.dtype)


def given(inputs: Inputs, *, statistics: bool) -> dict[str, Array]:
    """The arrays of a call by their names in the program, with or without running statistics."""
    found = {name: getattr(inputs, field) for name, field in ARGUMENTS.items()}
    return {
        name: values
        for name, values in found.items()
        if values is not None and (statistics or name not in {"mean", "var"})
    }


def call(
    arrays: Mapping[str, Array],
    forward: Iterable[str],
    output: str,
    *,
    eps: float | None = None,
    shown: str = "{}",
) -> Iterator[str]:
    """The arrays, a compiled function of them that differentiates `forward`, and its call.

    Args:
        arrays: The arrays by name.
        forward: The body of a function of x, scale and bias that returns y and a dict.
        output: What to print.
        eps: An argument that is traced too; None where it is compiled in.
        shown: What is made of the output before it is printed.
    """
    for name, values in arrays.items():
        yield array(name, values)
    more = [] if eps is None else ["eps"]
    leaves = [name for name in LEAVES if name in arrays]
    yield from ("", "@jax.jit", f"def batch_norm({', '.join([*arrays, *more])}):")
    yield f"    def forward({', '.join(leaves)}):"
    yield from (f"        {line}" for line in forward)
    yield ""
    if "dy" not in arrays:
        yield f"    y, others = forward({', '.join(leaves)})"
        yield '    return {"y": y, **others}'
    else:
        yield f"    y, pull_back, others = jax.vjp(forward, {', '.join(leaves)}, has_aux=True)"
        yield f"    gradients = dict(zip({[LEAVES[name] for name in leaves]}, pull_back(dy)))"
        yield '    return {"y": y, **others, **gradients}'
    yield ""
    told = ", ".join([*arrays, *([] if eps is None else [f"eps={eps!r}"])])
    found = f'np.asarray(batch_norm({told})["{output}"])'
    yield f"print({shown.format(found)}.tolist())"


# --- jax.numpy -----------------------------------------------------------------------------------


def _formula(inputs: Inputs, output: str) -> Iterator[str]:
    arrays = given(inputs, statistics=not inputs.training)
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    return call(arrays, _formula_forward(inputs, axes), output, eps=inputs.eps)


def _formula_forward(inputs: Inputs, axes: tuple[int, ...]) -> Iterator[str]:
    wide = f"jnp.{np.promote_types(inputs.x.dtype, np.float32)}"
    yield f"wide = x.astype({wide})"
    if inputs.training:
        yield f"center, spread = jnp.mean(wide, axis={axes}), jnp.var(wide, axis={axes})"
    else:
        yield f"center, spread = mean.astype({wide}), var.astype({wide})"
    yield "inv_std = jax.lax.rsqrt(spread + eps)"
    yield f"y = (wide - jnp.expand_dims(center, {axes})) * jnp.expand_dims(inv_std, {axes})"
    if inputs.gamma is not None:
        yield f"y = y * jnp.expand_dims(scale, {axes})"
    if inputs.beta is not None:
        yield f"y = y + jnp.expand_dims(bias, {axes})"
    saved = '"mean": center, "var": spread, ' * inputs.training + '"inv_std": inv_std'
    yield f"return y.astype(x.dtype), {{{saved}}}"


# --- Flax ----------------------------------------------------------------------------------------


def _layer(inputs: Inputs, *, axis: object) -> str:
    """The arguments that both layers share."""
    return (
        f"use_running_average={not inputs.training}, axis={axis}, "
        f"momentum={1 - float(inputs.momentum)!r}, epsilon={inputs.eps!r}, dtype=x.dtype, "
        f"use_scale={inputs.gamma is not None}, use_bias={inputs.beta is not None}"
    )


def _mask(inputs: Inputs) -> str:
    return "" if inputs.mask is None else ", mask=mask"


def _statistics(inputs: Inputs) -> dict[str, str]:
    """The running statistics as the layers take them, at least float32."""
    if inputs.running_mean is None:
        return {}
    wide = f"jnp.{np.promote_types(inputs.running_mean.dtype, np.float32)}"
    return {name: f"{name}.astype({wide})" for name in ("mean", "var")}


def _linen(inputs: Inputs, output: str, path: str) -> Iterator[str]:
    variance = ", use_fast_variance=False" if path == "linen_two_pass" else ""
    statistics = _statistics(inputs)
    params = [f'"{n}": {n}' for n in ("scale", "bias") if getattr(inputs, ARGUMENTS[n]) is not None]
    stats = ", ".join(f'"{name}": {value}' for name, value in statistics.items())
    kept = ", ".join(f'"running_{name}": stats["{name}"]' for name in statistics)
    forward = [
        f"layer = linen.BatchNorm({_layer(inputs, axis=inputs.axis)}{variance})",
        f'variables = {{"params": {{{", ".join(params)}}}, "batch_stats": {{{stats}}}}}',
        f'y, state = layer.apply(variables, x{_mask(inputs)}, mutable=["batch_stats"])',
        *(['stats = state["batch_stats"]'] if kept else []),
        f"return y, {{{kept}}}",
    ]
    return call(given(inputs, statistics=True), forward, output)


def _nnx(inputs: Inputs, output: str) -> Iterator[str]:
    (channels,) = inputs.channel_shape
    statistics = _statistics(inputs)
    kept = ", ".join(f'"running_{name}": layer.{name}[...]' for name in statistics)
    forward = [
        f"layer = nnx.BatchNorm({channels}, {_layer(inputs, axis=inputs.axis)}, rngs=nnx.Rngs(0))",
        *(
            f"layer.{name} = nnx.Param({name})"
            for name in ("scale", "bias")
            if getattr(inputs, ARGUMENTS[name]) is not None
        ),
        *(f"layer.{name} = nnx.BatchStat({value})" for name, value in statistics.items()),
        f"y = layer(x{_mask(inputs)})",
        f"return y, {{{kept}}}",
    ]
    return call(given(inputs, statistics=True), forward, output)
