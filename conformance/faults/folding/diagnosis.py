"""What is wrong with a path of deployment, from what it gave on blocks.

A fault explains a case where what came back is what the fault makes of it, within the bound of the
case widened by how much larger that is, and where it is not the right result as well.  Whatever is
not finite where folded weights of the half type are not is told as folding beyond that type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from conformance.case import Array
from conformance.faults.folding.dictionary import FOLDING_FAULTS
from conformance.faults.folding.sheet import Sheet
from conformance.float_types import limits
from conformance.oracle.blocks.bounds import block_scales
from conformance.oracle.bounds import units
from conformance.oracle.rounding import Floats
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence

BEYOND = "folded-beyond-the-type"
_BEYOND_TITLE = "folds into weights or a shift that the type of x cannot hold"


def diagnose_folding(evidence: Iterable[Evidence]) -> tuple[Diagnosis, ...]:
    """Name what is wrong: the fewest faults, those that explain most first, then what is left."""
    wrong = [e for e in evidence if e.case.inputs.block is not None and "y" in e.failing]
    explained = {e.case.id: frozenset(_explaining(e)) for e in wrong}
    found, left = [], dict(explained)
    while left:
        counts = Counter(name for names in left.values() for name in names)
        if not counts:
            break
        most = max(counts.values())
        best, *others = [name for name in _ORDER if counts[name] == most]
        cases = {case for case, names in left.items() if best in names}
        equal = [n for n in others if all(n in left[case] for case in cases)]
        found.append(_named(best, equal, len(cases), len(wrong)))
        left = {case: names for case, names in left.items() if case not in cases}
    if left:
        found.append(_unnamed(left, len(wrong)))
    return tuple(found)


_TITLES = {BEYOND: _BEYOND_TITLE} | {name: fault.title for name, fault in FOLDING_FAULTS.items()}
_ORDER = tuple(_TITLES)


def _named(fault: str, also: Sequence[str], matched: int, of: int) -> Diagnosis:
    title = _TITLES[fault]
    return Diagnosis(
        outputs=("y",), fault=fault, title=title, matched=matched, of=of, also=tuple(also)
    )


def _unnamed(left: Iterable[str], of: int) -> Diagnosis:
    cases = sorted(left)
    title = f"no fault of deployment that is known, such as in {cases[0]}"
    return Diagnosis(outputs=("y",), fault=None, title=title, matched=len(cases), of=of)


def _explaining(evidence: Evidence) -> Iterator[str]:
    """The faults that explain one wrong y."""
    sheet, actual = Sheet(evidence.case.inputs), _wide(evidence.actual["y"])
    exact = evidence.case.expected.y
    if exact is None or actual.shape != exact.shape:
        return
    if not np.isfinite(actual).all():
        if _is_beyond(sheet, ~np.isfinite(actual)):
            yield BEYOND
        return
    bound = _bound(evidence, exact)
    for name, fault in FOLDING_FAULTS.items():
        with np.errstate(all="ignore"):
            predicted = fault.y(sheet)
        if predicted is None or not np.isfinite(predicted).all():
            continue
        wider = bound * max(1.0, float(np.abs(predicted).max() / np.abs(exact).max()))
        differs = bool((np.abs(predicted - exact) > wider).any())
        if differs and bool((np.abs(actual - predicted) <= wider).all()):
            yield name


def _bound(evidence: Evidence, exact: Array) -> Floats:
    inputs, limit = evidence.case.inputs, evidence.case.problem.limit
    scales = block_scales(inputs)
    unit = units(inputs, exact, scales.S, evidence.actual["y"].dtype)
    return limit * unit + scales.stored + scales.folded


def _is_beyond(sheet: Sheet, lost: Array) -> bool:
    """Whether a folded weight or shift of each channel that was lost is beyond the type of x."""
    if sheet.block.norm_first or sheet.block.second is not None:
        return False
    largest = limits(sheet.inputs.x.dtype).largest
    root = np.sqrt(sheet.norm["var"] + sheet.inputs.eps).astype(sheet.inputs.x.dtype)
    sizes = [np.abs(sheet.t), np.abs(sheet.s)]
    if sheet.is_plain and sheet.product is not None:
        axis = 1 if sheet.product.kind == "conv_transpose" else 0
        per_output = np.moveaxis(np.abs(sheet.weight), axis, 0)
        per_output = per_output.reshape(per_output.shape[0], -1).max(axis=1)
        groups = len(sheet.s) // len(per_output)
        sizes += [np.tile(per_output, groups) * np.abs(sheet.s)]
    beyond = np.max(sizes, axis=0) > largest
    eps = np.asarray(sheet.inputs.eps).astype(sheet.inputs.x.dtype)
    var = sheet.norm["var"].astype(sheet.inputs.x.dtype)
    beyond |= (_wide(var) + _wide(eps) == 0) | (_wide(root) == 0)
    lost_channels = np.moveaxis(lost, sheet.axis, 0).reshape(lost.shape[sheet.axis], -1)
    return bool(beyond[lost_channels.any(axis=1)].all())


def _wide(values: Array) -> Floats:
    return np.asarray(values, dtype=np.float64)
