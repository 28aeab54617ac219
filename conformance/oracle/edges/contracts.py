"""The contracts of all edges, and where a difference is that of an edge and of nothing else.

An edge explains an element only by what came back there:

empty-batch           there is no value at all, so there is none that could be wrong;
nan-inputs,           the exact answer or what came back is not finite: a NaN was lost, or left what
infinite-inputs       depends on it.  Two finite numbers that differ are a wrong value;
negative-variance     test mode, running_var + eps < 0: the exact answer is NaN;
subnormal-inputs      what came back lies between the exact answer and those with subnormal inputs
                      flushed to zero, within the bound of grade A;
subnormal-results     0 came back where the exact answer is smaller than every normal number;
overflowing-sums      a sum over the channel overflows (`Call.overflowing`): what came back is not
                      finite, or is what an infinite variance gives: y = beta, and 0;
vanishing-squares     training, squares of deviations below the normal numbers count beside eps
                      (`Call.vanishing`): whatever depends on the variance of that channel;
overflowing-results   the exact answer is beyond the largest number of its type, so infinity is due:
                      NaN or the largest number came back.

Subnormal is meant in the type computed in (float32 for half types): numbers of ordinary size that
are subnormal in float16 are values like all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from conformance.case import Array, Inputs, Outputs
from conformance.float_types import limits
from conformance.oracle.channels import is_empty
from conformance.oracle.edges.call import Call, Mask, Returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One edge.

    Attributes:
        contract: What is due there, in a sentence.
        is_posed: Whether a call poses it.
        explains: Where it explains what came back.
    """

    contract: str
    is_posed: Callable[[Call], bool]
    explains: Callable[[Call, Returned], Mask]


def _all(_: Call, back: Returned) -> Mask:
    return np.ones(back.exact.shape, dtype=np.bool_)


def _not_finite(_: Call, back: Returned) -> Mask:
    return np.asarray(~(np.isfinite(back.exact) & np.isfinite(back.actual)), dtype=np.bool_)


def _undefined(_: Call, back: Returned) -> Mask:
    return np.asarray(np.isnan(back.exact), dtype=np.bool_)


def _given(call: Call, back: Returned) -> Mask:
    """Where an array that was flushed lies within the hull of the exact answers."""
    low, high = back.exact.copy(), back.exact.copy()
    for answers in call.flushed:
        other = getattr(answers, back.field)
        if other is not None:
            low, high = np.minimum(low, other), np.maximum(high, other)
    within = (back.actual >= low - back.bound) & (back.actual <= high + back.bound)
    return np.asarray(within & (high - low > back.bound), dtype=np.bool_)


def _returned(call: Call, back: Returned) -> Mask:
    return np.asarray((back.actual == 0) & (np.abs(back.exact) < call.tiny), dtype=np.bool_)


def _overflown(call: Call, back: Returned) -> Mask:
    channels = call.per_channel(call.overflowing, back.exact)
    left: Array | float = 0.0
    if back.name == "y" and call.inputs.beta is not None:
        left = call.per_channel(np.asarray(call.inputs.beta, dtype=np.float64), back.exact)
    with np.errstate(all="ignore"):
        kept = np.asarray(left).astype(back.dtype).astype(np.float64)
    lost = ~np.isfinite(back.actual) | (back.actual == kept)
    return np.asarray(channels & lost, dtype=np.bool_)


def _vanished(call: Call, back: Returned) -> Mask:
    channels = call.per_channel(call.vanishing, back.exact)
    return np.asarray(channels & (back.name in _OF_VARIANCE), dtype=np.bool_)


def _beyond(_: Call, back: Returned) -> Mask:
    largest = limits(back.dtype).largest
    due = np.abs(back.exact) + np.nan_to_num(back.bound) >= largest
    came = np.isnan(back.actual) | (back.actual * np.sign(back.exact) >= largest)
    return np.asarray(due & came, dtype=np.bool_)


def _has_subnormals(call: Call) -> bool:
    return call.given.least < call.tiny


def _has_subnormal_answers(call: Call) -> bool:
    return call.due.least < call.tiny


def _has_answers_beyond(call: Call) -> bool:
    return call.exceeds(lambda name: limits(call.inputs.dtype_of(name)).largest)


def _has_negative_variance(call: Call) -> bool:
    variance = call.inputs.running_var
    if call.inputs.training or variance is None:
        return False
    return bool((np.asarray(variance, dtype=np.float64) + call.inputs.eps < 0).any())


_OF_VARIANCE = ("y", "dx", "dgamma", "inv_std")
"""Outputs that are the larger the smaller the variance is."""

OF_CORRECT_KERNELS = frozenset({"overflowing-sums", "vanishing-squares"})
"""Edges at which correct kernels differ too: no fault is found by them, and none explains them."""


def is_of_correct_kernels(edges: Iterable[str]) -> bool:
    """Whether a difference that some edges explain may be that of a correct kernel."""
    known = set(edges)
    return bool(known) and known <= OF_CORRECT_KERNELS


EDGES: Mapping[str, Edge] = MappingProxyType(
    {
        "empty-batch": Edge(
            contract="an empty batch has empty y and dx, sums of 0, and statistics as they were",
            is_posed=lambda call: call.inputs.count == 0,
            explains=_all,
        ),
        "empty-mask": Edge(
            contract="a mask that keeps nothing leaves the statistics as they were",
            is_posed=lambda call: bool(call.inputs.count) and is_empty(call.inputs),
            explains=_all,
        ),
        "nan-inputs": Edge(
            contract="a NaN spoils what depends on it, and nothing else",
            is_posed=lambda call: call.given.nan,
            explains=_not_finite,
        ),
        "infinite-inputs": Edge(
            contract="an infinite value spoils what depends on it, and nothing else",
            is_posed=lambda call: call.given.infinite,
            explains=_not_finite,
        ),
        "negative-variance": Edge(
            contract="the root of a negative running variance is NaN",
            is_posed=_has_negative_variance,
            explains=_undefined,
        ),
        "subnormal-inputs": Edge(
            contract="subnormal inputs count as what they are",
            is_posed=lambda call: call.is_finite and _has_subnormals(call),
            explains=_given,
        ),
        "subnormal-results": Edge(
            contract="subnormal results are returned as what they are",
            is_posed=_has_subnormal_answers,
            explains=_returned,
        ),
        "overflowing-sums": Edge(
            contract="sums that overflow do not spoil results that fit",
            is_posed=lambda call: call.is_finite and bool(call.overflowing.any()),
            explains=_overflown,
        ),
        "vanishing-squares": Edge(
            contract="squares that vanish do not spoil results that fit",
            is_posed=lambda call: call.is_finite and bool(call.vanishing.any()),
            explains=_vanished,
        ),
        "overflowing-results": Edge(
            contract="results beyond the largest number of their type are infinite",
            is_posed=_has_answers_beyond,
            explains=_beyond,
        ),
        "read-only-inputs": Edge(
            contract="inputs that cannot be written to are read like others",
            is_posed=lambda _: False,
            explains=_all,
        ),
        "recomputation": Edge(
            contract="running statistics are updated once where a checkpoint computes twice",
            is_posed=lambda _: False,
            explains=_all,
        ),
    }
)
"""Every edge by its name, in the order of every report."""

READ_ONLY = "read-only-inputs"
"""The edge that no case poses: `conformance check` tries it by itself."""

RECOMPUTATION = "recomputation"
"""The same, of modules alone."""

REFUSABLE = frozenset({"empty-batch", "empty-mask", "nan-inputs", "infinite-inputs"})
"""Edges at which an exception is an answer that differs, and no failure everywhere."""


def in_words(edge: str) -> str:
    """The name of an edge as a sentence has it: ``"empty batch"``."""
    return edge.replace("nan", "NaN").replace("-", " ").replace("read only", "read-only")


def listed(edges: Iterable[str]) -> str:
    """Edges in words, in the order of `EDGES`: ``"empty batch, NaN inputs"``."""
    known = set(edges)
    return ", ".join(in_words(edge) for edge in EDGES if edge in known)


class Edges:
    """The edges that one call poses, and the differences that they explain."""

    def __init__(self, inputs: Inputs, answers: Outputs, *, eps_outside: bool = False) -> None:
        """Prepare it; nothing is computed before it is asked for."""
        self._call = Call(inputs=inputs, answers=answers, eps_outside=eps_outside)

    @cached_property
    def posed(self) -> tuple[str, ...]:
        """The edges that the call poses, in the order of `EDGES`; a block poses none."""
        if self._call.inputs.block is not None:
            return ()
        with np.errstate(all="ignore"):
            return tuple(name for name, edge in EDGES.items() if edge.is_posed(self._call))

    @property
    def refusable(self) -> tuple[str, ...]:
        """The edges of the call at which an exception may come in place of an answer."""
        return tuple(name for name in self.posed if name in REFUSABLE)

    def explain(self, back: Returned) -> dict[str, Mask]:
        """For every edge of the call, the elements at which it explains what came back."""
        with np.errstate(all="ignore"):
            found = {name: EDGES[name].explains(self._call, back) for name in self.posed}
        return {name: mask for name, mask in found.items() if mask.any()}
