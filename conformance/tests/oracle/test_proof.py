"""The proof accepts every correctly rounded value and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance.case import Array, Case, Inputs, Outputs
from conformance.errors import InputError
from conformance.oracle import proof
from conformance.oracle.proof import prove
from conformance.tests.oracle.slowly import case_of, solve_slowly

X_ONES = np.array([[1.0], [-1.0]])
HUGE = np.array([[2.0**300], [-(2.0**300) * 1.5], [2.0**-300], [3.0], [0.0]])


def inputs(
    shape: tuple[int, ...], dtype: Any = np.float32, *, seed: int = 1, **other: Any
) -> Inputs:
    """Random inputs with everything that an input can have."""
    rng = np.random.default_rng(seed)
    channels = Inputs(x=np.empty(shape), axis=other.get("axis", 1)).channel_shape

    def draw(size: tuple[int, ...], low: float, high: float) -> Array:
        return rng.uniform(low, high, size).astype(dtype)

    given: dict[str, Any] = {
        "x": draw(shape, -1, 3),
        "dy": draw(shape, -1, 2),
        "gamma": draw(channels, -2, 2),
        "beta": draw(channels, -1, 1),
        "running_mean": draw(channels, -1, 1),
        "running_var": draw(channels, 0.1, 2),
        "momentum": 0.3,
    }
    return Inputs(**(given | other))


def tie() -> Inputs:
    """Inputs whose y lies exactly between two float64: 1 + 2^-51 + 2^-53."""
    return Inputs(
        x=X_ONES,
        gamma=np.array([1.5 * (1 + 2.0**-51)]),
        beta=np.array([2.0**-53]),
        eps=1.25,
    )


EVERYTHING = {
    "batch of vectors": inputs((6, 3)),
    "spatial": inputs((2, 3, 2, 2)),
    "spatial, float64": inputs((2, 2, 3), np.float64),
    "spatial, float16, channels last": inputs((2, 3, 2), np.float16, axis=-1),
    "channel axis first, bfloat16": inputs((2, 3, 2), ml_dtypes.bfloat16, axis=0),
    "five axes": inputs((2, 2, 1, 2, 2)),
    "per-activation": inputs((4, 2, 3), axis=(1, 2)),
    "two channel axes out of order": inputs((2, 3, 2), axis=(2, 0)),
    "history": inputs((3, 2), earlier=(inputs((3, 2), seed=2).x, inputs((3, 2), seed=3).x)),
    "test mode": inputs((4, 3, 2), training=False),
    "test mode of one value, channels last": inputs((1, 2), axis=1, training=False),
    "one value per channel": inputs((1, 4)),
    "no parameters": inputs((5, 2), gamma=None, beta=None, running_mean=None, running_var=None),
    "forward alone": inputs((5, 2), dy=None),
    "constant channel": inputs((4, 2), x=np.full((4, 2), 2.5, np.float32)),
    "all zero": inputs((4, 1), x=np.zeros((4, 1), np.float32), dy=np.zeros((4, 1), np.float32)),
    "tiny eps": inputs((4, 2), eps=1e-300),
    "no eps": inputs((4, 2), eps=0.0),
    "square radicand": inputs((2, 1), np.float64, x=X_ONES, eps=1.25),
    "true tie": tie(),
    "exponents from -300 to 300": inputs((5, 1), np.float64, x=HUGE, dy=HUGE[::-1].copy()),
    "subnormal results": inputs(
        (4, 1), np.float64, gamma=np.array([2.0**-1050]), beta=np.array([0.0])
    ),
    "subnormal statistics": inputs(
        (4, 1), np.float64, x=np.array([[1.0], [5], [-3], [1]]) * 2.0**-1074, eps=2.0**-1060
    ),
    "overflow to infinity": inputs(
        (4, 1), np.float64, gamma=np.array([-1.7e308]), dy=np.array([[1e308], [9e307], [1], [2]])
    ),
}


@pytest.mark.parametrize("given_inputs", EVERYTHING.values(), ids=EVERYTHING)
def test_correctly_rounded_values_are_proven(given_inputs: Inputs) -> None:
    """All values of a correctly rounded case are proven."""
    case = solve_slowly(given_inputs)
    found = prove(case)
    assert found.disproofs == ()
    assert found.case == case.id
    assert found.proven == sum(array.size for array in case.expected.items().values())


@pytest.mark.parametrize("given_inputs", EVERYTHING.values(), ids=EVERYTHING)
def test_every_change_by_one_ulp_is_caught(given_inputs: Inputs) -> None:
    """A value moved to the next float64, up or down, is disproven, and no other value is."""
    case = solve_slowly(given_inputs)
    total = sum(array.size for array in case.expected.items().values())
    for name, array in case.expected.items().items():
        for index in np.ndindex(array.shape):
            for toward in (-math.inf, math.inf):
                moved = math.nextafter(array[index], toward)
                if moved == array[index]:  # beyond infinity there is nothing
                    continue
                found = prove(change(case, name, index, moved))
                places = [(d.output, d.index, d.stored) for d in found.disproofs]
                assert places == [(name, index, moved)]
                assert ("large" if toward > 0 else "small") in found.disproofs[0].why
                assert found.proven == total - 1


def change(case: Case, name: str, index: tuple[int, ...], value: float) -> Case:
    """`case` with one expected value replaced."""
    array = case.expected.items()[name].copy()
    array[index] = value
    return replace(case, expected=replace(case.expected, **{name: array}))


def test_tie_belongs_to_the_even_neighbour() -> None:
    """Of the two float64 at equal distance, only the one with the even significand is proven."""
    case = solve_slowly(tie())
    assert case.expected.y is not None
    y = 1 + 2.0**-51
    assert case.expected.y[0, 0] == y
    assert prove(case).disproofs == ()
    odd = prove(change(case, "y", (0, 0), y + 2.0**-52))
    assert "tie" in odd.disproofs[0].why
    assert repr(y) in odd.disproofs[0].why


@pytest.mark.parametrize(("name", "scale"), [("y", 2.0**-1074), ("dbeta", 2.0**-1074)])
def test_values_between_zero_and_the_smallest_subnormal_round_to_even(
    name: str, scale: float
) -> None:
    """Half the smallest subnormal is stored as +0; anything above it is not."""
    dy = np.array([[1.0], [0.0]]) * 2.0**-1074
    given_inputs = Inputs(x=X_ONES, dy=dy, gamma=np.array([scale]), eps=3.0)  # sqrt(var + eps) = 2
    case = solve_slowly(given_inputs)
    value = case.expected.items()[name][0]
    assert value == (0.0 if name == "y" else 2.0**-1074)
    assert prove(case).disproofs == ()
    above = solve_slowly(replace(given_inputs, eps=2.9999))
    assert above.expected.items()["y"][0] == 2.0**-1074
    assert prove(change(above, "y", (0, 0), 0.0)).disproofs[0].output == "y"


def test_smallest_normal_has_subnormal_spacing_below() -> None:
    """What is just less than half a spacing below 2^-1022 rounds up to it."""
    inputs_near = Inputs(x=X_ONES, gamma=np.array([2.0**-1020]), eps=15 + 2.0**-48)
    case = solve_slowly(inputs_near)  # y = 2^-1022 (1 - 2^-53 + ...)
    assert case.expected.items()["y"].tolist() == [[2.0**-1022], [-(2.0**-1022)]]
    assert prove(case).disproofs == ()


def test_overflow_begins_at_half_a_spacing_above_the_largest_number() -> None:
    """Sums of at least ``2^1024 - 2^970`` are infinite; those below are the largest number."""
    largest = np.finfo(np.float64).max
    for extra, due in ((2.0**970, math.inf), (np.nextafter(2.0**970, 0), largest)):
        for sign in (1.0, -1.0):
            dy = sign * np.array([[largest], [extra]])
            case = solve_slowly(Inputs(x=np.array([[1.0], [2.0]]), dy=dy))
            assert case.expected.items()["dbeta"][0] == sign * due
            assert prove(case).disproofs == ()
            other = sign * (largest if math.isinf(due) else math.inf)
            (wrong,) = prove(change(case, "dbeta", (0,), other)).disproofs
            assert (wrong.output, wrong.stored) == ("dbeta", other)


@pytest.mark.parametrize("value", [-0.0, math.nan, math.inf, -math.inf, 2.0**-1074])
def test_exact_zeros_are_plus_zero(value: float) -> None:
    """Nothing but +0 is proven where the exact value is zero."""
    case = solve_slowly(EVERYTHING["all zero"])
    (wrong,) = prove(change(case, "dx", (2, 0), value)).disproofs
    assert (wrong.output, wrong.index) == ("dx", (2, 0))


def test_index_is_the_place_in_the_output() -> None:
    """A disproof names the place in the array as stored, whatever axis holds the channels."""
    for axis in (0, 1, 2, -1, (0, 2), (2, 1)):
        case = solve_slowly(inputs((2, 3, 4), axis=axis))
        (wrong,) = prove(change(case, "dx", (1, 2, 3), 77.0)).disproofs
        assert (wrong.index, wrong.stored) == ((1, 2, 3), 77.0)


@pytest.mark.parametrize(
    ("given_inputs", "name"),
    [
        (inputs((1, 2)), "running_var"),
        (inputs((3, 2), training=False), "mean"),
        (inputs((3, 2), training=False), "var"),
        (inputs((3, 2), dy=None), "dbeta"),
        (inputs((3, 2), running_mean=None, running_var=None), "running_mean"),
        (inputs((0, 2)), "inv_std"),
    ],
)
def test_output_without_a_value_is_disproven(given_inputs: Inputs, name: str) -> None:
    """What the definition leaves undefined must not be stored."""
    found = prove(case_of(given_inputs, Outputs(**{name: np.zeros(2)})))
    (wrong,) = found.disproofs
    assert (wrong.output, wrong.index, found.proven) == (name, (), 0)
    assert math.isnan(wrong.stored)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((2, 3)), "(2, 3)"),
        (np.zeros((3, 2, 1)), "(3, 2, 1)"),
        (np.zeros((3, 2), np.float32), "float32"),
        (np.zeros((3, 2), np.int64), "int64"),
    ],
)
def test_wrong_shape_or_type_is_disproven(array: Array, said: str) -> None:
    """Values are float64 of the output's own shape; nothing is broadcast or converted."""
    (wrong,) = prove(case_of(inputs((3, 2)), Outputs(y=array))).disproofs
    assert said in wrong.why


def test_absent_outputs_need_no_proof() -> None:
    """Only what is stored is proven."""
    case = solve_slowly(inputs((3, 2)))
    found = prove(replace(case, expected=Outputs(dbeta=case.expected.dbeta)))
    assert (found.proven, found.disproofs) == (2, ())


@pytest.mark.parametrize("shape", [(0, 3), (2, 3, 0), (4, 0)])
def test_empty_batch_has_zero_gradients(shape: tuple[int, ...]) -> None:
    """Of no values y and dx are empty, dgamma and dbeta are +0, the running statistics kept."""
    zeros = np.zeros(shape[1])
    given_inputs = inputs(shape)
    full = Outputs(y=np.zeros(shape), dx=np.zeros(shape), dgamma=zeros, dbeta=zeros)
    found = prove(case_of(given_inputs, full))
    assert (found.proven, found.disproofs) == (2 * shape[1], ())
    wrong = prove(case_of(given_inputs, Outputs(dgamma=zeros + 1, dbeta=-zeros)))
    assert len(wrong.disproofs) == 2 * shape[1]
    kept = np.asarray(given_inputs.running_mean, dtype=np.float64)
    assert prove(case_of(given_inputs, Outputs(running_mean=kept))).disproofs == ()
    lost = prove(case_of(given_inputs, Outputs(running_mean=kept * np.nan)))
    assert len(lost.disproofs) == shape[1]


@pytest.mark.parametrize(
    ("change_of", "said"),
    [
        ({"dy": np.zeros((3, 1), np.float32)}, "dy has shape (3, 1), (3, 2) was wanted"),
        ({"gamma": np.zeros((1, 2), np.float32)}, "gamma has shape (1, 2)"),
        ({"x": np.zeros((3, 2), np.int32)}, "x is int32"),
        ({"dy": np.zeros((3, 2))}, "dy is float64, x is float32"),
        ({"running_var": None}, "Give both or neither"),
        ({"running_mean": None, "running_var": None, "training": False}, "Test mode"),
        ({"axis": 2, "gamma": None}, "axis is 2"),
        ({"axis": (1, -1), "gamma": None}, "axis is (1, -1)"),
    ],
)
def test_inputs_without_a_definition_are_refused(change_of: dict[str, Any], said: str) -> None:
    """Inputs on which batch normalization is not defined raise InputError and say why."""
    with pytest.raises(InputError) as refusal:
        prove(case_of(replace(inputs((3, 2)), **change_of), Outputs()))
    assert said in str(refusal.value)


def test_proof_shares_nothing_with_the_generator() -> None:
    """The proof imports only the data types, the errors and its own parts."""
    ours = {name for name, value in vars(proof).items() if "conformance" in str(value)}
    origins = {getattr(getattr(proof, name), "__module__", "") for name in ours}
    foreign = {m for m in origins if m.startswith("conformance") and "proof" not in m}
    assert foreign <= {"conformance.case", "conformance.errors"}


@settings(max_examples=60, deadline=None)
@given(
    st.data(),
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.sampled_from([0.5, 1e-5, 1e-12]),
    st.booleans(),
)
def test_any_finite_input_is_decided(
    data: st.DataObject,
    dtype: type,
    eps: float,
    training: bool,
) -> None:
    """Right values of arbitrary finite inputs are proven; a changed one is the only disproof."""
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 2)))
    elements = arrays.from_dtype(np.dtype(dtype), allow_nan=False, allow_infinity=False)
    batch = arrays.arrays(dtype, shape, elements=elements)
    channels = arrays.arrays(dtype, shape[1], elements=elements)
    case = solve_slowly(
        Inputs(
            x=data.draw(batch),
            dy=data.draw(batch),
            gamma=data.draw(channels),
            beta=data.draw(channels),
            running_mean=data.draw(channels),
            running_var=np.abs(data.draw(channels)),
            eps=eps,
            training=training,
        )
    )
    assert prove(case).disproofs == ()
    name = data.draw(st.sampled_from(sorted(case.expected.items())))
    index = data.draw(st.sampled_from(list(np.ndindex(case.expected.items()[name].shape))))
    value = case.expected.items()[name][index]
    moved = math.nextafter(value, 0 if math.isinf(value) else math.inf)
    found = prove(change(case, name, index, moved))
    assert [(d.output, d.index) for d in found.disproofs] == [(name, index)]
