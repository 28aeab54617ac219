"""Exported cases: stored ones of every kind with their bounds, and made ones with any bits."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from conformance.case import Array, Case, Inputs, Outputs
from conformance.cases import golden
from conformance.cases.exported.content import Exported, Files, Group
from conformance.cases.golden import content
from conformance.float_types import TYPES, dtype_of
from conformance.tests.cases.golden import samples
from conformance.verdict.exporting import with_bounds

MOST = 20_000
"""How many bytes x has in a stored case that is taken: tests are to be quick."""


@cache
def stored() -> tuple[Exported, ...]:
    """Of every combination of types, mode and rank that is stored the first, and of every edge."""
    found: dict[object, Case] = {}
    for case in golden.load_matching():
        if case.inputs.x.nbytes <= MOST:
            kind = (case.inputs.types, case.inputs.mode, case.inputs.x.ndim)
            found.setdefault(kind, case)
    for case in golden.load(
        ["empty/train-nchw", "nonfinite/nan-x-train", "sequence/three-float32"]
    ):
        found[case.id] = case
    chosen = {case.id: case for case in found.values()}
    return tuple(with_bounds(chosen[name]) for name in sorted(chosen))


def patterned(types: str, seed: int) -> Exported:
    """A case whose every array holds random bits: subnormals, infinities, NaNs of any payload."""
    random = np.random.default_rng(seed)

    def bits(shape: tuple[int, ...], name: str) -> Array:
        dtype = dtype_of(name)
        return np.frombuffer(random.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(
            shape
        )

    x, _, parameters = types.partition("+")
    kind = parameters or x
    inputs = Inputs(
        x=bits((5, 3, 2), x), dy=bits((5, 3, 2), x), gamma=bits((3,), kind), beta=bits((3,), kind)
    )
    due = Outputs(y=bits((5, 3, 2), "float64"), mean=bits((3,), "float64"))
    return bounded(samples.case(f"odd/bits-{seed}", inputs, due))


def bounded(case: Case) -> Exported:
    """A made case with made bounds: some infinite, some NaN, in either type."""
    bounds: dict[str, Array] = {}
    for place, (name, values) in enumerate(case.expected.items().items()):
        kind = np.dtype((np.float32, np.float64)[place % 2])
        unit = np.abs(samples.values(values.shape)).astype(kind)
        unit.flat[:1], unit.flat[1:2] = np.inf, np.nan
        bounds |= {f"unit/{name}": unit, f"loss/{name}": np.abs(unit) / 3}
    return Exported(case=case, bounds=bounds, edges=("nan-inputs", "empty-batch"))


def made() -> list[Exported]:
    """Whatever a golden file can hold, and random bits in every type."""
    odd = [bounded(case) for case in samples.everything()]
    return [*odd, *(patterned(types, seed) for seed, types in enumerate(TYPES))]


def grouped(exported: list[Exported] | tuple[Exported, ...]) -> list[Group]:
    """Exported cases by their groups."""
    names = sorted({each.case.problem.group for each in exported})
    members = {n: [e for e in exported if e.case.problem.group == n] for n in names}
    return [
        Group(name=n, about=f"What {n} is for: ∅.", count=len(m), cases=m)
        for n, m in members.items()
    ]


def put(folder: Path, files: Files) -> None:
    """Write files as they are, without the care of a whole export."""
    for name, pieces in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"".join(pieces))


def said(exported: Exported) -> dict[str, object]:
    """All that must come back, in a form that can be compared."""
    return {
        "digest": content.digest(exported.case),
        "edges": exported.edges,
        "bounds": {n: (str(a.dtype), a.shape, a.tobytes()) for n, a in exported.bounds.items()},
    }
