"""Known faults of batch normalization, executable: what each would produce, and diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance.faults.dictionary import (
    axes,
    blocks,
    contract,
    epsilon,
    forward,
    gradient,
    limits,
    masks,
    modes,
    numerics,
    parameters,
    refusals,
    running,
    special,
    statistics,
    strides,
)
from conformance.faults.dictionary.unseen_in_one_call import UNSEEN
from conformance.faults.fault import Fault, Unseen

__all__ = ["CATEGORIES", "FAULTS", "UNSEEN", "Fault", "Unseen"]

CATEGORIES: Mapping[str, tuple[Fault, ...]] = MappingProxyType(
    {
        "forward formula": forward.FAULTS,
        "eps": epsilon.FAULTS,
        "training and test mode": modes.FAULTS,
        "running statistics": running.FAULTS,
        "dx": gradient.FAULTS,
        "dgamma and dbeta": parameters.FAULTS,
        "numerics": numerics.FAULTS,
        "limits": limits.FAULTS,
        "statistics of the batch": statistics.FAULTS,
        "masks": masks.FAULTS,
        "axes": axes.FAULTS,
        "strides": strides.FAULTS,
        "blocks and threads": blocks.FAULTS,
        "contract": contract.FAULTS,
        "special values and shapes": special.FAULTS,
        "refusals": refusals.FAULTS,
    }
)
"""The dictionary by category."""

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {fault.id: fault for faults in CATEGORIES.values() for fault in faults}
)
"""Every executable fault by its id."""
