"""The formats of an export by name; what one of them needs is loaded when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from conformance.case import Case
from conformance.cases.exported.content import Exported, Files, Group

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "npz": "npz",
        "safetensors": "safetensors",
        "raw": "raw",
        "json": "hexadecimal",
        "onnx": "onnx_tests.backend_tests",
    }
)
"""Names of formats to the modules here that write and read them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format.

    Attributes:
        name: Its name.
        about: What is written, in a few words.
        files: The files of a group.
        read: The cases that lie in a folder.
        refuses: Why it cannot hold a case; None where it can.
    """

    name: str
    about: str
    files: Callable[[Group], Files]
    read: Callable[[Path], Iterator[Exported]]
    refuses: Callable[[Case], str | None]


def named(name: str) -> Format:
    """The format of that name, one of `MODULES`.

    Raises:
        ModuleNotFoundError: what it needs is not installed.
    """
    module = importlib.import_module(f"conformance.cases.exported.{MODULES[name]}")
    return Format(
        name=name,
        about=module.ABOUT,
        files=module.files,
        read=module.read,
        refuses=getattr(module, "refuses", lambda _case: None),
    )
