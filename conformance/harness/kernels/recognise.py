"""What an object is: which kind of kernel, and whose arrays it takes."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, Literal, TypeAlias

from conformance.errors import AdapterError
from conformance.harness.kernels.bridges import FRAMEWORKS
from conformance.harness.kernels.contract import EXAMPLE

Kind: TypeAlias = Literal[
    "function", "torch module", "autograd function", "keras layer", "flax module"
]

_FRAMEWORKS = {module: arrays for arrays, modules in FRAMEWORKS.items() for module in modules}
"""Modules to the arrays that code which uses them takes, most telling first."""

_FROM_NUMPY = frozenset({"from_numpy", "as_tensor", "convert_to_tensor", "to_device", "asarray"})
"""Names whose use says that numpy arrays come in and are converted."""

_BASES = (
    ("torch", "nn.Module", "torch module"),
    ("torch", "autograd.Function", "autograd function"),
    ("keras", "layers.Layer", "keras layer"),
    ("tensorflow", "keras.layers.Layer", "keras layer"),
    ("flax.nnx", "Module", "flax module"),
    ("flax.linen", "Module", "flax module"),
)


def kind(found: object, name: str) -> Kind:
    """What kind of kernel an object is.

    Args:
        found: What the selector named.
        name: The selector, for the message.

    Raises:
        AdapterError: it is no kernel; the message says what to give instead.
    """
    for base, what in _bases():
        if inspect.isclass(found) and issubclass(found, base):
            return what
        if isinstance(found, base):
            raise AdapterError(
                f"{name} is one {type(found).__name__}, made for one number of channels. "
                f"Give its class, {type(found).__name__}: it is made anew for every case."
            )
    if type(found).__module__.startswith(("numba.", "triton.")):
        raise AdapterError(
            f"{name} is a {type(found).__name__}, a kernel without its launcher. Give the Python "
            f"function that allocates the outputs and launches it: {EXAMPLE}"
        )
    if inspect.isclass(found) or isinstance(found, ModuleType) or not callable(found):
        raise AdapterError(
            f"{name} is {found!r}, a kernel was wanted: a function over arrays, a torch.nn.Module "
            f"or autograd.Function class, a Keras layer class, a flax.nnx or flax.linen Module "
            f"class. Such as: {EXAMPLE}"
        )
    return "function"


def arrays_of(function: Callable[..., Any]) -> str:
    """Whose arrays a function takes: by its annotations, then by what its code uses."""
    plain = inspect.unwrap(function)
    plain = getattr(plain, "func", plain)  # functools.partial
    for text in map(str, getattr(plain, "__annotations__", {}).values()):
        for framework, arrays in (*_FRAMEWORKS.items(), ("jnp", "jax"), ("tf.", "tensorflow")):
            if framework in text:
                return arrays
    used = _framework_among(_modules(plain, set()))
    if used is not None:
        return used
    # Code of methods alone, such as x.mean(), names no module: its file may import but one.
    scope = getattr(plain, "__globals__", {}).values()
    beside = [value.__name__ for value in scope if isinstance(value, ModuleType)]
    told = "numpy" if "numpy" in beside else _framework_among(beside)
    return told or _by_what_it_does(plain) or "numpy"


_OF_TENSORS = frozenset(
    {
        *("numel", "unsqueeze", "permute", "rsqrt", "rsqrt_", "contiguous", "new_empty", "expand"),
        *("new_zeros", "new_ones", "addcmul", "detach", "is_contiguous", "view_as", "expand_as"),
        *("mul_", "add_", "sub_", "div_", "copy_", "lerp_", "stride", "data_ptr", "requires_grad"),
        *("is_cuda", "keepdim", "unbiased", "type_as"),
    }
)
"""Methods and keywords that PyTorch's tensors have and numpy's arrays have not."""


def _by_what_it_does(function: object) -> str | None:
    """Whose arrays code takes that imports no framework and speaks to them as to tensors."""
    code = getattr(function, "__code__", None)
    told = code is not None and not _OF_TENSORS.isdisjoint({*_names(code), *_keywords(code)})
    return "torch" if told and importlib.util.find_spec("torch") is not None else None


def _keywords(code: CodeType) -> Iterator[str]:
    """Names of keyword arguments in calls, which a code keeps among its constants."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _keywords(constant)
        elif isinstance(constant, tuple):
            yield from (each for each in constant if isinstance(each, str))


def _framework_among(modules: Iterable[str]) -> str | None:
    known = set(modules)
    for framework, arrays in _FRAMEWORKS.items():
        if any(m == framework or m.startswith(f"{framework}.") for m in known):
            return arrays
    return None


def _bases() -> Iterator[tuple[type, Kind]]:
    for module, dotted, what in _BASES:
        holder: Any = sys.modules.get(module)
        for part in dotted.split("."):
            holder = getattr(holder, part, None)
        if isinstance(holder, type):
            yield holder, what  # type: ignore[misc]  # a literal of the table above


def _modules(function: object, seen: set[int]) -> Iterator[str]:
    """Modules that a function's code, and the functions it calls beside it, take things from."""
    home = getattr(function, "__module__", None) or ""
    if home.split(".")[0] in _FRAMEWORKS:
        yield home
    code, scope = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None or id(code) in seen:
        return
    seen.add(id(code))
    names = set(_names(code))
    if names & _FROM_NUMPY and "numpy" in {getattr(v, "__name__", "") for v in scope.values()}:
        return
    for name in names & scope.keys():
        value = scope[name]
        if isinstance(value, ModuleType):
            yield value.__name__
        elif isinstance(value, FunctionType) and value.__globals__ is scope:
            yield from _modules(value, seen)
        else:
            yield str(getattr(value, "__module__", None) or type(value).__module__)
            yield type(value).__module__


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
