"""The published derivations of batch normalization, each in plain numpy.

One file holds one document: where it comes from, its algebra in its own order of operations, and
which of its lines had to be corrected.  float32 and float64 are computed in their own type;
float16 and bfloat16 are widened to float32 once and rounded once at the end (``page.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported

from . import closed_form, differentials, page, sigma_plus_eps, spatial, staged

SPATIAL = Capabilities(ranks=frozenset({3, 4, 5}))
PER_ACTIVATION = Capabilities(per_activation=True)


def _run(derivation: Any) -> Callable[[Inputs], Actual]:
    return partial(page.answer, derivation)


def _run_per_activation(inputs: Inputs) -> Actual:
    """Run the algebra of `closed_form` where every position has statistics of its own.

    A batch of rank 2 has only one axis to sum over, so there the two modes are the same.

    Raises:
        Unsupported: one channel axis of a batch of rank 3 or more: that is the spatial mode.
    """
    if len(inputs.channel_axes) != inputs.x.ndim - 1:
        raise Unsupported("sums over the batch axis alone, not over spatial axes")
    answer: Actual = page.answer(closed_form.BY_SUMS, inputs)
    return answer


def _device() -> str:
    return "cpu"


PATHS = (
    Path(
        name="staged",
        about="the computation graph in nine steps and back (Kratzert 2016)",
        run=_run(staged.STAGED),
        dialect=Dialect(saves="x_hat"),
    ),
    Path(
        name="closed_form",
        about="gamma/sqrt(var+eps) * (dy - (dbeta + dgamma*xhat)/NHW) (Qiita)",
        run=_run(closed_form.BY_SUMS),
        dialect=Dialect(saves="x_hat"),
    ),
    Path(
        name="closed_form_means",
        about="dx through mean(dy) and mean(dy*(x-mu)) (CS231n alternative backward); "
        "its y = gamma*xhat - beta and dgamma = sum dy*x corrected",
        run=_run(closed_form.BY_MEANS),
        dialect=Dialect(saves="var"),
    ),
    Path(
        name="differentials",
        about="dx by differential forms, through xhat + mu + sigma2; "
        "its test mode, which forgets / std, corrected",
        run=_run(differentials.THREE_PARTS),
        dialect=Dialect(running_var="biased", momentum="old", saves="x_hat"),
    ),
    Path(
        name="differentials_alt",
        about="the same document's backward_alt in one line; the same correction",
        run=_run(differentials.ONE_LINE),
        dialect=Dialect(running_var="biased", momentum="old", saves="x_hat"),
    ),
    Path(
        name="spatial",
        about="BatchNorm2d backward by dvar and davg with B = N*H*W (Stack Overflow answer)",
        run=_run(spatial.SPATIAL),
        dialect=Dialect(saves="nothing"),
        capabilities=SPATIAL,
    ),
    Path(
        name="per_activation",
        about="the algebra of closed_form summed over N alone (CUDNN_BATCHNORM_PER_ACTIVATION)",
        run=_run_per_activation,
        dialect=Dialect(saves="x_hat"),
        capabilities=PER_ACTIVATION,
    ),
    Path(
        name="sigma_plus_eps",
        about="gamma*(x-mu)/(sigma+eps) + beta (CS231n alternative backward, second "
        "definition); its dx, which divides by sqrt(std+eps), corrected",
        run=_run(sigma_plus_eps.SIGMA_PLUS_EPS),
        dialect=Dialect(eps="outside", saves="var"),
    ),
)

ADAPTER = Adapter(name="textbook", packages=("numpy",), device=_device, paths=PATHS)
