"""Further operators: those with an update of their own, and what PyTorch decomposes them into."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same
from torch._decomp import decomposition_table  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs

from ..torch.operators import native

ATEN = torch.ops.aten

decomposition = partial(
    native,
    forward=decomposition_table[ATEN.native_batch_norm.default],
    backward=decomposition_table[ATEN.native_batch_norm_backward.default],
)
"""Runs, eagerly, what compilers put in the place of both operators."""


def with_update(inputs: Inputs) -> Actual:
    """Run the operators that tell by their name whether they update running statistics."""
    reserved: list[Tensor] = []

    def forward(*given: Any) -> tuple[Tensor, ...]:
        *arrays, training, momentum, eps = given
        operator = ATEN._batch_norm_with_update if training else ATEN._batch_norm_no_update  # noqa: SLF001 - they have no public name
        *found, reserve = operator(*arrays, momentum, eps)
        reserved.append(reserve)  # only cuDNN puts anything into it
        return tuple(found)

    def backward(*given: Any) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = ATEN.batch_norm_backward(*given, *reserved)
        return found

    return native(inputs, forward, backward)
