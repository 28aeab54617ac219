"""HIPS autograd on the CPU: a formula in autograd.numpy, and its vector-Jacobian product."""

from __future__ import annotations

from functools import partial

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import formula, reproduction


def device() -> str:
    """Where the paths run."""
    return "cpu"


def _path(name: str, about: str, statistics: formula.Statistics) -> Path:
    return Path(
        name=name,
        about=f"{about}, gradients by autograd.make_vjp; half precision computed in float32",
        run=partial(formula.run, statistics=statistics),
        dialect=Dialect(running_var="none", saves="nothing"),
        capabilities=Capabilities(per_activation=True),
    )


ADAPTER = Adapter(
    name="autograd",
    packages=("autograd", "numpy"),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path("mean_var", "anp.mean and anp.var", formula.by_functions),
        _path("sums", "anp.sum divided by the count", formula.by_sums),
    ),
)
