"""What the variables of a layer are called in the words of the contract, whoever's layer it is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "gamma": "gamma",
        "scale": "gamma",
        "weight": "gamma",
        "beta": "beta",
        "offset": "beta",
        "bias": "beta",
        "running_mean": "running_mean",
        "moving_mean": "running_mean",
        "running_var": "running_var",
        "moving_var": "running_var",
        "moving_variance": "running_var",
    }
)
"""Names that mean one thing alone."""
