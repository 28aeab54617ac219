"""What people do today instead of this suite, as checks that accept a kernel or reject it.

Two habits are emulated.

`numpy.allclose` against a correct reference: random normal x and dy, all of y, dx, dgamma, dbeta
and the running statistics, training and test mode, one shape of rank 2 and one of rank 4, with
the parameters of a layer just made or with random ones.  It stays as naive as it is: shapes are
broadcast, types are not looked at.

``torch.autograd.gradcheck`` with its defaults, by its source in PyTorch 2.13: in float64,

1. the analytical Jacobian row by row: the backward pass on each unit vector as dy, twice, and the
   two must be equal to the last bit; a gradient that broadcasts to the shape of its input is
   summed to it, as autograd does, and any other shape is an error;
2. the numerical Jacobian column by column: ``(f(v + h) - f(v - h)) / 2h`` with h = 1e-6 at every
   element of x, gamma and beta, of the kernel's own y;
3. ``|analytical - numerical| <= 1e-5 + 1e-3 |numerical|`` everywhere, NaN never;
4. the backward pass on dy = 0 must give exact zeros.

So gradcheck sees whether backward fits forward, never whether forward is right.

What both share: a kernel that raises is rejected.  An output that it leaves out is not compared,
nor is an input that it calls `Unsupported`; a kernel of which nothing was compared is rejected.
Each call gets arrays of its own that may be written to, so a kernel that spoils its inputs is
not noticed; one that keeps state keeps it from call to call.  The dialect chooses the reference,
so that a convention is never taken for a fault.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any, TypeAlias, TypeVar

import numpy as np

from conformance.arrays import GRADIENT_OF, GRADIENTS, RUNNING
from conformance.case import Array, Dialect, Inputs, Kernel
from conformance.errors import Unsupported
from conformance.oracle.expected import solve_inputs

_SHAPES = ((64, 16), (32, 4, 14, 14))
_COMPARED = ("y", *GRADIENTS, *RUNNING)
_STEP, _ATOL, _RTOL = 1e-6, 1e-5, 1e-3  # the defaults of gradcheck

Check: TypeAlias = Callable[[Kernel, Dialect], bool]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One habit of checking batch normalization.

    Attributes:
        name: Short name, unique.
        about: What is checked, in one sentence.
        checks: Every check must accept.
    """

    name: str
    about: str
    checks: tuple[Check, ...]

    def accepts(self, kernel: Kernel, dialect: Dialect) -> bool:
        """Whether someone with this habit would take `kernel` for correct."""
        return all(check(kernel, dialect) for check in self.checks)


def verdicts(
    kernel: Kernel, dialect: Dialect, baselines: Sequence[Baseline] | None = None
) -> dict[str, bool]:
    """Which baselines accept `kernel`; a check that several of them share runs once.

    Args:
        kernel: What to check.
        dialect: Its conventions.
        baselines: Those to ask; `BASELINES` if None.
    """
    asked = BASELINES if baselines is None else baselines
    checks = dict.fromkeys(check for baseline in asked for check in baseline.checks)
    found = {check: check(kernel, dialect) for check in checks}
    return {b.name: all(found[check] for check in b.checks) for b in asked}


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """How the inputs of a check are drawn; x and dy are N(0, 1), eps 1e-5, momentum 0.1.

    Attributes:
        dtype: Type of x and dy.
        parameters: Type of gamma, beta and the running statistics.
        affine: Gamma, beta and the running mean are N(0, 1) and the running variance U(0.5, 1.5)
            where True; a layer just made has 1, 0, 0 and 1.
        offset: Added to x: its mean over its standard deviation.
        shapes: One call in each mode for each of them.
    """

    dtype: str = "float32"
    parameters: str = "float32"
    affine: bool = False
    offset: float = 0.0
    shapes: tuple[tuple[int, ...], ...] = _SHAPES


GRADCHECK_DATA = Data(
    dtype="float64", parameters="float64", affine=True, shapes=((4, 3), (2, 3, 2, 2))
)
"""Small: gradcheck calls the kernel some six times for every element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allclose:
    """`numpy.allclose` against the exact answers, rounded to the types of the inputs.

    Attributes:
        tolerance: Both the relative and the absolute one.
        data: The inputs.
    """

    tolerance: float
    data: Data

    def __call__(self, kernel: Kernel, dialect: Dialect) -> bool:
        """Whether every output that the kernel returns is close."""
        outside, biased = dialect.eps == "outside", dialect.running_var == "biased"
        known = _references(self.data, eps_outside=outside, biased=biased)

        def close(pair: tuple[Inputs, Mapping[str, Array]]) -> bool | None:
            inputs, due = pair
            actual = kernel(_fresh(inputs))
            shared = [name for name in due if name in actual]
            near = (
                np.allclose(actual[n], due[n], rtol=self.tolerance, atol=self.tolerance)
                for n in shared
            )
            return all(near) if shared else None

        return _holds(close, known)


def gradcheck(kernel: Kernel, _: Dialect) -> bool:
    """Whether dx, dgamma and dbeta are the derivatives of the kernel's own y."""
    return _holds(lambda inputs: _differentiates(kernel, inputs), _inputs(GRADCHECK_DATA))


def _holds(check: Callable[[_Item], bool | None], items: Iterable[_Item]) -> bool:
    """Whether no item fails and at least one is compared; None says that nothing was."""
    compared = False
    # What a kernel warns of must not decide, whatever filters the caller has set.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for item in items:
            try:
                outcome = check(item)
            except Unsupported:
                continue
            except Exception:  # noqa: BLE001 - a check fails whatever the kernel raises
                return False
            if outcome is False:
                return False
            compared = compared or outcome is True
    return compared


def _differentiates(kernel: Kernel, inputs: Inputs) -> bool | None:
    """Run gradcheck on one call; None if the kernel returns no y or no gradient."""
    forward = kernel(_fresh(replace(inputs, dy=None)))
    if "y" not in forward:
        return None
    shape = np.shape(forward["y"])
    zero = _backward(kernel, inputs, np.zeros(shape))
    if not zero:
        return None
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    rows = [_backward(kernel, inputs, unit) for unit in units]
    again = [_backward(kernel, inputs, unit) for unit in units]
    for name in zero:
        analytical, repeated = (np.stack([row[name] for row in run]) for run in (rows, again))
        if zero[name].any() or not np.array_equal(analytical, repeated):
            return False
        if not np.allclose(analytical, _numerical(kernel, inputs, name), rtol=_RTOL, atol=_ATOL):
            return False
    return True


def _backward(kernel: Kernel, inputs: Inputs, dy: Array) -> dict[str, Array]:
    """The gradients that the kernel returns, flat, by the name of the input."""
    actual = kernel(_fresh(replace(inputs, dy=dy)))
    return {
        name: _summed_to(getattr(inputs, name).shape, actual[gradient]).ravel()
        for name, gradient in GRADIENT_OF.items()
        if gradient in actual
    }


def _summed_to(shape: tuple[int, ...], gradient: Array) -> Array:
    """What autograd makes of a gradient that is wider than its input."""
    wide = np.array(gradient, dtype=np.float64)
    if np.broadcast_shapes(shape, wide.shape) != wide.shape:
        raise ValueError(f"a gradient has shape {wide.shape}, {shape} was wanted. Return that.")
    padded = (1,) * (wide.ndim - len(shape)) + shape
    axes = tuple(a for a, n in enumerate(padded) if n == 1)
    total: Array = wide.sum(axis=axes, keepdims=True).reshape(shape)
    return total


def _numerical(kernel: Kernel, inputs: Inputs, name: str) -> Array:
    """The Jacobian of y by the input `name`: a row for each element of y, flat."""
    point: Array = getattr(inputs, name)

    def y(at: tuple[int, ...], step: float) -> Array:
        moved: Any = {name: point.copy()}
        moved[name][at] += step
        actual = kernel(_fresh(replace(inputs, dy=None, **moved)))
        return np.array(actual["y"]).ravel()  # a copy: a kernel may use its buffer again

    columns = [(y(at, _STEP) - y(at, -_STEP)) / (2 * _STEP) for at in np.ndindex(point.shape)]
    return np.stack(columns, axis=1)


@cache
def _inputs(data: Data) -> tuple[Inputs, ...]:
    draw = np.random.default_rng(0)
    made = []
    for shape, training in product(data.shapes, (True, False)):
        x, dy = (draw.normal(size=shape).astype(data.dtype) for _ in range(2))
        gamma, beta, mean = draw.normal(size=(3, shape[1]))
        var = draw.uniform(0.5, 1.5, shape[1])
        if not data.affine:
            gamma, beta, mean, var = (np.full(shape[1], v) for v in (1.0, 0.0, 0.0, 1.0))
        gamma, beta, mean, var = (p.astype(data.parameters) for p in (gamma, beta, mean, var))
        made.append(
            Inputs(
                x=x + np.asarray(data.offset, dtype=data.dtype),
                dy=dy,
                gamma=gamma,
                beta=beta,
                running_mean=mean,
                running_var=var,
                training=training,
            )
        )
    return tuple(made)


@cache
def _references(
    data: Data, *, eps_outside: bool, biased: bool
) -> tuple[tuple[Inputs, Mapping[str, Array]], ...]:
    found = []
    for inputs in _inputs(data):
        exact = solve_inputs(inputs, eps_outside=eps_outside).items()
        if biased:
            exact["running_var"] = exact["running_var_biased"]
        due = {n: exact[n].astype(inputs.dtype_of(n)) for n in _COMPARED}
        found.append((inputs, due))
    return tuple(found)


def _fresh(inputs: Inputs) -> Inputs:
    """The same call with arrays of its own."""
    copies: dict[str, Any] = {name: array.copy() for name, array in inputs.given().items()}
    return replace(inputs, **copies)


def _allclose(tolerance: str, name: str, about: str, **data: Any) -> Baseline:
    check = Allclose(tolerance=float(tolerance), data=Data(**data))
    about = f"numpy.allclose(rtol={tolerance}, atol={tolerance}) on normal input, {about}"
    return Baseline(name=f"allclose-{tolerance}{name}", about=about, checks=(check,))


_NEW = "float32, a layer just made"
_RANDOM = "float32, random gamma, beta and running statistics"
_FRESH, _AFFINE = _allclose("1e-3", "", _NEW), _allclose("1e-3", "-affine", _RANDOM, affine=True)

BASELINES = (
    _FRESH,
    _allclose("1e-5", "", _NEW),
    _AFFINE,
    _allclose("1e-5", "-affine", _RANDOM, affine=True),
    # Without it, faults that only half precision shows would count against habits that were
    # never shown any; float32 parameters, as automatic mixed precision has them.
    _allclose(
        "1e-2", "-float16", "float16 with float32 parameters, a layer just made", dtype="float16"
    ),
    Baseline(
        name="gradcheck",
        about="torch.autograd.gradcheck's finite differences with its defaults, float64, "
        "random gamma, beta and running statistics",
        checks=(gradcheck,),
    ),
    *(
        Baseline(
            name=f"gradcheck+{other.name}",
            about=f"both gradcheck and {other.name}",
            checks=(*other.checks, gradcheck),
        )
        for other in (_FRESH, _AFFINE)
    ),
)
"""The habits whose detection is compared with that of the suite."""

HARD = tuple(
    _allclose(tolerance, "-offset-100", f"100 added to x, {_NEW}", offset=100.0)
    for tolerance in ("1e-3", "1e-5")
)
"""Data that people meet and do not test with: here to count false alarms, as well as kills."""
