"""Three lines of Python that make a call again, exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import conformance
from conformance.case import Inputs
from conformance.checking.search import as_python, inputs
from conformance.checking.search.search import identity

CALL = Inputs(x=np.array([[1.0], [2.0]], np.float32))


def made_again(text: str) -> tuple[Any, Inputs]:
    """What the lines hand to `check`: the kernel and the call."""
    asked: list[tuple[Any, Inputs]] = []

    def check(kernel: Any, *, inputs: Inputs) -> str:
        asked.append((kernel, inputs))
        return ""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conformance, "check", check, raising=False)
        exec(text, {})  # noqa: S102 - to run is what they are for
    (found,) = asked
    return found


@given(inputs())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_drawn_call_comes_back(call: Inputs) -> None:
    """The lines must make the same call bit for bit, whatever it is."""
    text = as_python(call, "my.py:kernel")
    kernel, again = made_again(text)
    assert kernel == "my.py:kernel"
    assert identity(again) == identity(call)
    assert type(again.axis) is type(call.axis)
    assert len(text.splitlines()) == 3


def test_the_lines_are_these() -> None:
    """What equals a default must be left out, and the three lines must read as documented."""
    assert as_python(CALL, "a.py:f").splitlines() == [
        "import numpy as np; from conformance import Inputs, check",
        'call = Inputs(x=np.array([[1.0], [2.0]], "float32"))',
        "print(check('a.py:f', inputs=call))",
    ]


@pytest.mark.parametrize(
    "name", ["x", "dy", "gamma", "beta", "running_mean", "running_var", "earlier"]
)
def test_foreign_types_are_imported_where_needed(name: str) -> None:
    """ml_dtypes must be imported wherever any array is bfloat16, and only there."""
    half = np.array([[0.1]], ml_dtypes.bfloat16)
    given_: dict[str, Any] = {name: (half,) if name == "earlier" else half}
    call = replace(CALL, **given_)
    text = as_python(call, "f")
    assert text.startswith("import ml_dtypes; import numpy as np; from conformance import")
    assert identity(made_again(text)[1]) == identity(call)
    assert "ml_dtypes" not in as_python(CALL, "f")


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_special_values_come_back(dtype: Any) -> None:
    """NaN, infinities, negative zero and subnormals must come back as they were."""
    smallest = float(ml_dtypes.finfo(dtype).smallest_subnormal)  # type: ignore[no-untyped-call]
    numbers = [np.nan, np.inf, -np.inf, -0.0, 0.0, smallest, -3 * smallest]
    call = Inputs(x=np.array(numbers).astype(dtype).reshape(7, 1))
    assert identity(made_again(as_python(call, "f"))[1]) == identity(call)


def test_long_arrays_are_written_in_full() -> None:
    """An array of any length must stand on its line in full."""
    call = Inputs(x=np.random.default_rng(0).standard_normal((400, 9)))
    text = as_python(call, "f")
    assert "..." not in text
    assert len(text.splitlines()) == 3
    assert identity(made_again(text)[1]) == identity(call)


def test_numbers_of_numpy_are_written_as_python_has_them() -> None:
    """Scalars that numpy made must be written as plain numbers, with the value that they have."""
    given_: dict[str, Any] = {
        "eps": np.float32(1e-3),
        "momentum": np.float64(0.25),
        "training": np.True_,
        "axis": (np.int64(0), np.int64(1)),
    }
    text = as_python(replace(CALL, **given_), "f")
    assert "np.float" not in text
    assert "np.int" not in text
    again = made_again(text)[1]
    assert (again.eps, again.momentum, again.training) == (float(np.float32(1e-3)), 0.25, True)
    assert again.axis == (0, 1)


def test_the_name_of_the_kernel_is_quoted() -> None:
    """A kernel's name with quotes and backslashes must come back as it is."""
    name = "exec:my 'own' \"kernel\" C:\\x\n"
    text = as_python(CALL, name)
    assert made_again(text)[0] == name
    assert len(text.splitlines()) == 3
