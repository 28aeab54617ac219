"""What the matrix makes of kernels that give no answer, and of a small measurement."""

from __future__ import annotations

import json
import math
from collections import Counter
from importlib import resources

import jsonschema  # type: ignore[import-untyped]  # not annotated upstream
import numpy as np
import pytest

from conformance.adapter import Capabilities, Path
from conformance.case import Actual, Inputs, Kernel
from conformance.errors import Unsupported
from conformance.float_types import NARROW
from conformance.power import matrix, naming
from conformance.power.account import Measured, account
from conformance.power.judge import judge
from conformance.power.matrix import CRASHED, TYPES, Verdicts
from conformance.power.suspects import dictionary, generated
from conformance.power.table import missed

PLACES = [i for i, c in enumerate(matrix.cases()) if c.inputs.mask is None][::17]


def raising(inputs: Inputs) -> Actual:
    """Crash on every call."""
    raise RuntimeError(inputs.x.shape)


def refusing(inputs: Inputs) -> Actual:
    """Take no call."""
    raise Unsupported(str(inputs.x.shape))


def able(name: str, run: Kernel) -> Path:
    """A path that takes every combination of types."""
    return Path(
        name=name,
        about="-",
        run=run,
        capabilities=Capabilities(per_activation=True, narrow=frozenset(NARROW)),
    )


def test_a_kernel_that_raises_is_crashed_everywhere() -> None:
    """No answer is a letter of its own for every due output, beyond any bound."""
    for place in PLACES:
        letters, margin = matrix.hold(able("raising", raising), place)
        assert letters
        assert set(letters.values()) == {CRASHED}
        assert margin == math.inf


def test_what_is_not_supported_is_no_kill() -> None:
    """A kernel that cannot take a case is not compared, and not killed by it."""
    for place in PLACES:
        assert matrix.hold(able("refusing", refusing), place) == ({}, 0.0)


def test_a_case_counts_for_the_type_of_its_x() -> None:
    """float64 and float32 count for themselves, both half precisions for half."""
    for case, kind in zip(matrix.cases(), matrix.kinds(), strict=True):
        given = case.inputs.x.dtype
        assert kind == (str(given) if given in (np.float32, np.float64) else "half")
    assert set(matrix.kinds()) == set(TYPES)


def test_killers_are_counted_by_hand() -> None:
    """A kill is a margin above the one asked for, in the type asked for."""
    margins = [0.0] * len(matrix.cases())
    first = {kind: matrix.kinds().index(kind) for kind in TYPES}
    margins[first["float64"]], margins[first["float32"]], margins[first["half"]] = 2, 10, math.inf
    found = Verdicts(id="-", letters={}, margins=tuple(margins))
    assert found.killers() == set(first.values())
    assert found.killers(margin=10) == {first["half"]}
    assert found.killers("float64") == {first["float64"]}
    assert found.killers("float64", margin=2) == frozenset()


@pytest.fixture(scope="module")
def measured() -> Measured:
    """Two faults and two mutants on every case."""
    faults = {s.id: matrix.examine(s) for s in dictionary()[:2]}
    mutants = {s.id: matrix.examine(s) for s in generated()[:2]}
    honest = {"members": 1, "types": [], "comparisons": 0, "grades": {}, "alarms": []}
    some = next(iter(faults))
    return Measured(
        judge=judge(),
        faults=faults,
        mutants=mutants,
        kinships={},
        baselines={"allclose": {some}},
        false_alarms={"allclose": ()},
        laws={"repetition": [some]},
        honest=honest,
        naming=naming.account([]),
    )


def test_a_small_measurement_fits_the_schema(measured: Measured) -> None:
    """What account puts together is JSON that the schema describes, counts included."""
    power = json.loads(json.dumps(account(measured), allow_nan=False))
    schema = json.loads((resources.files("conformance") / "schemas/power.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(power)
    for name, verdicts in measured.faults.items():
        by_type = Counter(k for k, m in zip(matrix.kinds(), verdicts.margins, strict=True) if m)
        assert power["faults"][name]["kills"] == {kind: by_type[kind] for kind in TYPES}
    assert power["mutants"]["generated"] == len(measured.mutants)


def test_the_smoke_tier_of_a_measurement_meets_every_kernel(measured: Measured) -> None:
    """In each kind of calls every output that some case rejects, a chosen one rejects."""
    wrong = [*measured.faults.values(), *measured.mutants.values()]
    chosen = account(measured)["smoke"]
    assert not missed(wrong, chosen)
    kind, cases = max(chosen.items(), key=lambda item: len(item[1]))
    fewer = {**chosen, kind: cases[1:]}
    assert all(said.endswith(f" in {kind}") for said in missed(wrong, fewer))
    assert missed(wrong, fewer)
