"""What PyTorch does where a call says nothing, read from its own signatures and layers."""

from __future__ import annotations

import inspect

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import nn  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

ONES = torch.ones(2, 1)
"""A batch whose mean is 1: what it moves a running mean of 0 to is the weight that it had."""


def of_function() -> dict[str, object]:
    """The defaults of ``torch.nn.functional.batch_norm``."""
    told = inspect.signature(F.batch_norm).parameters
    kept = torch.zeros(1)
    F.batch_norm(ONES, kept, torch.ones(1), training=True)
    return {
        "eps": told["eps"].default,
        "momentum": told["momentum"].default,
        "new_weight": kept.item(),
        "takes_mask": "mask" in told,
    }


def of_module() -> dict[str, object]:
    """The defaults of ``torch.nn.BatchNorm1d``, which are those of all three."""
    layer = nn.BatchNorm1d(1)
    layer(ONES)
    return {
        "eps": layer.eps,
        "momentum": layer.momentum,
        "new_weight": layer.running_mean.item(),
        "takes_mask": "mask" in inspect.signature(layer.forward).parameters,
    }


def of_operator(operator: str = "native_batch_norm") -> dict[str, object]:
    """The defaults of an operator of ``torch.ops.aten``, as far as its schema has some."""
    schema = getattr(torch.ops.aten, operator).default._schema  # noqa: SLF001 - there is no public way
    given = {each.name: each for each in schema.arguments}
    defaults = {
        name: given[name].default_value if given[name].has_default_value() else None
        for name in ("eps", "momentum")
    }
    return {**defaults, "takes_mask": "mask" in given}
