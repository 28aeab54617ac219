"""JAX on its default device: the formula, XLA's own operations, and Flax's layers."""

from __future__ import annotations

from functools import partial

from conformance.adapter import MASKS, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import calling, formula, hlo, layers, machine, reproduction, stated


def _run_formula(inputs: Inputs) -> Actual:
    answer: Actual = calling.run(formula.program, inputs)
    return answer


def _run_hlo(inputs: Inputs) -> Actual:
    answer: Actual = calling.run(hlo.program, inputs, eps=float(inputs.eps))
    return answer


FLAX = Dialect(running_var="biased", momentum="old", saves="nothing")

PATHS = (
    Path(
        name="jnp",
        about="jnp.mean with jnp.var and lax.rsqrt under jax.jit, gradients by jax.vjp; "
        "half precision computed in float32",
        run=_run_formula,
        probes=(machine.HALF,),
        dialect=Dialect(running_var="none"),
        capabilities=Capabilities(per_activation=True),
    ),
    Path(
        name="xla_hlo",
        about="stablehlo.batch_norm_training, batch_norm_grad and batch_norm_inference "
        "(epsilon is a float32 attribute)",
        run=_run_hlo,
        defaults=stated.of_operation,
        probes=(machine.HALF,),
        dialect=Dialect(running_var="none", saves="var"),
        capabilities=Capabilities(
            mixed=frozenset(),  # the operations want all operands of one type
            without_gamma=False,
            without_beta=False,
        ),
    ),
    Path(
        name="linen",
        about="flax.linen.BatchNorm with its default use_fast_variance=True, jax.vjp",
        run=partial(calling.run_layer, layers.linen_forward),
        defaults=stated.of_linen,
        probes=(machine.HALF,),
        dialect=FLAX,
        capabilities=Capabilities(per_activation=True, masks=MASKS),
    ),
    Path(
        name="linen_two_pass",
        about="flax.linen.BatchNorm(use_fast_variance=False), jax.vjp",
        run=partial(calling.run_layer, layers.linen_forward, use_fast_variance=False),
        defaults=stated.of_linen,
        probes=(machine.HALF,),
        dialect=FLAX,
        capabilities=Capabilities(per_activation=True, masks=MASKS),
    ),
    Path(
        name="nnx",
        about="flax.nnx.BatchNorm with its default use_fast_variance=True, jax.vjp",
        run=partial(calling.run_layer, layers.nnx_forward),
        defaults=stated.of_nnx,
        probes=(machine.HALF,),
        dialect=FLAX,
        capabilities=Capabilities(masks=MASKS),
    ),
)

ADAPTER = Adapter(
    name="jax",
    packages=("jax", "jaxlib", "flax"),
    device=machine.device,
    paths=PATHS,
    reproduce=reproduction.program,
    traits=machine.TRAITS,
)
