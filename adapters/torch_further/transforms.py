"""The public function under PyTorch's function transforms: vjp, and vmap over several calls."""

from __future__ import annotations

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.case import Actual, Inputs

from ..torch.calling import answer, tensors
from ..torch.refusing import REFUSALS, refusals

STATISTICS = ("running_mean", "running_var")
SHARED = (
    (
        "which will be updated in place, were not batched",
        "vmap refuses to update running statistics that its calls share",
    ),
    *REFUSALS,
)
"""What vmap refuses, beside what the function does."""


def vjp(inputs: Inputs) -> Actual:
    """Run ``torch.func.vjp`` of the function by x and the parameters."""
    given = _given(inputs)
    with refusals():
        found = _called(inputs, given)
    return answer(inputs, found | {name: given.get(name) for name in STATISTICS})


def vmap(inputs: Inputs) -> Actual:
    """Run the call and its mirror image at once, and give what came of the call itself."""
    given = {name: torch.stack([value, value.flip(0)]) for name, value in _given(inputs).items()}
    with refusals():
        found = torch.func.vmap(lambda one: _called(inputs, one))(given)
    kept = {name: given[name] for name in STATISTICS if name in given}
    return answer(inputs, {name: value[0] for name, value in (found | kept).items()})


def vmap_shared(inputs: Inputs) -> Actual:
    """Run the call between two mirror images of x and dy, two at once, on parameters once there."""
    given = _given(inputs)
    own = {name: value for name, value in given.items() if name in {"x", "dy"}}
    shared = {name: value for name, value in given.items() if name not in own}
    calls = {n: torch.stack([value.flip(0), value, value.flip(0)]) for n, value in own.items()}
    with refusals(SHARED):
        mapped = torch.func.vmap(lambda one: _called(inputs, shared | one), chunk_size=2)
        found = mapped(calls)
    kept = {name: shared.get(name) for name in STATISTICS}
    return answer(inputs, {name: value[1] for name, value in found.items()} | kept)


def _given(inputs: Inputs) -> dict[str, Tensor]:
    """What there is of a call, by its name in `Inputs`; a transform differentiates by itself."""
    given = tensors(inputs)
    there = {name: getattr(given, name) for name in ("x", "dy", "gamma", "beta", *STATISTICS)}
    return {name: value.detach() for name, value in there.items() if value is not None}


def _called(inputs: Inputs, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """One call under `torch.func.vjp`: y, and the gradients if there is dy."""
    leaves = {name: given[name] for name in ("x", "gamma", "beta") if name in given}

    def batch_norm(own: dict[str, Tensor]) -> Tensor:
        return F.batch_norm(
            own["x"],
            *(given.get(name) for name in STATISTICS),
            own.get("gamma"),
            own.get("beta"),
            inputs.training,
            inputs.momentum,
            inputs.eps,
        )

    y, backward = torch.func.vjp(batch_norm, leaves)
    if "dy" not in given:
        return {"y": y}
    (found,) = backward(given["dy"])
    return {"y": y} | {f"d{name}": value for name, value in found.items()}
