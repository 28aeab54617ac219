"""The conventions of a path, and what in the newest results proves each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.nights.site.archive import ShownResult

_MEANING: Mapping[tuple[str, str], str] = {
    ("running_var", "unbiased"): "the running variance is updated with the N-1 variance",
    ("running_var", "biased"): "the running variance is updated with the biased variance",
    ("running_var", "none"): "no running variance is kept",
    ("eps", "inside"): "eps is added to the variance, inside the root",
    ("eps", "outside"): "eps is added to the standard deviation, outside the root",
    ("momentum", "new"): "momentum weights the new value",
    ("momentum", "old"): "momentum weights the old value",
    ("saves", "inv_std"): "the forward pass saves the inverse standard deviation",
    ("saves", "var"): "the forward pass saves the variance",
    ("saves", "x_hat"): "the forward pass saves the normalized input",
    ("saves", "nothing"): "the forward pass saves nothing for the backward pass",
    ("layout", "any"): "any channel axis",
    ("layout", "channels_first"): "works with channels first",
    ("layout", "channels_last"): "works with channels last",
}

_PROOF: Mapping[str, tuple[str, ...]] = {
    "running_var": ("running_var",),
    "momentum": ("running_mean", "running_var"),
    "eps": ("y", "inv_std"),
    "saves": ("inv_std",),
}
"""Outputs that would come out wrong if the convention were another one."""

_AGREES = frozenset({"pass", "degraded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownConvention:
    """One convention.

    Attributes:
        name: Its name, as `conformance.case.Dialect` has it.
        value: What it is.
        meaning: The same in words.
        measured: What the newest results say of it.
    """

    name: str
    value: str
    meaning: str
    measured: str


def conventions(
    dialect: Mapping[str, str], results: Iterable[ShownResult]
) -> list[ShownConvention]:
    """The conventions of a path, each held against the newest results."""
    results = list(results)
    found = []
    for name, value in dialect.items():
        proof = [r for r in results if r.output in _PROOF.get(name, ())]
        meaning = _MEANING.get((name, value), value)
        found.append(
            ShownConvention(name=name, value=value, meaning=meaning, measured=_measured(proof))
        )
    return found


def _measured(proof: list[ShownResult]) -> str:
    compared = [result for result in proof if result.grade is not None]
    if compared:
        agree = sum(result.status in _AGREES for result in compared)
        return f"{agree:,} of {len(compared):,} outputs agree"
    if proof:
        return f"none of {len(proof):,} outputs that would show it came back"
    return "declared; no output shows it"
