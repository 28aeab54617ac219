"""Whatever array a kernel returns, as a numpy array of the same type."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from conformance.case import Array
from conformance.errors import AdapterError


def as_numpy(name: str, value: Any) -> Array:
    """Any framework's array, or what speaks DLPack or CUDA's array interface, as numpy's.

    Memory is shared where it can be, so that a buffer that is used again is noticed.

    Args:
        name: The output, for the message.
        value: What was returned.

    Raises:
        AdapterError: it is no array.
    """
    if isinstance(value, (np.ndarray, np.generic, float, int)):
        return np.asarray(value)
    torch: Any = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _of_tensor(torch, value)
    for attribute, convert in _WAYS.items():
        if hasattr(value, attribute):
            return np.asarray(convert(value))
    raise AdapterError(
        f"output {name!r} is a {type(value).__name__}, an array was wanted. "
        "Return a numpy array or one of your framework."
    )


def _from_cuda(value: Any) -> Any:
    from numba import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - only here
        cuda,
    )

    return cuda.as_cuda_array(value).copy_to_host()


_WAYS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "copy_to_host": lambda value: value.copy_to_host(),  # Numba, and its simulator
        "get": lambda value: value.get(),  # CuPy
        "__cuda_array_interface__": _from_cuda,
        "__array__": np.asarray,  # JAX, TensorFlow
        "__dlpack__": np.from_dlpack,
    }
)
"""Attributes of arrays, and how what has them becomes numpy's; the first that is there counts."""


def _of_tensor(torch: Any, value: Any) -> Array:
    here = value.detach().cpu()
    if here.dtype != torch.bfloat16:
        return np.asarray(here.numpy())
    import ml_dtypes  # noqa: PLC0415 - torch's bfloat16 is rare here

    bits = here.contiguous().view(torch.int16).numpy()
    return np.asarray(bits.view(ml_dtypes.bfloat16))
