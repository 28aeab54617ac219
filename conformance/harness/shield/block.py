"""The import block: in a worker there is no oracle, and a kernel that asks for it is told so.

A file may hold a kernel and beside it what checks it, so to import is not to ask: what is imported
is an absent thing, and to call it is an error.  That is a word to careless kernels; what keeps
others out is that the files are out of reach.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NoReturn

from conformance.harness.shield.reach import ANSWERING_TESTS, closed_wings

_PACKAGE = "conformance"


class OutOfReach(ImportError):  # noqa: N818 - it says what is so
    """A kernel asks for what holds or computes answers."""


class Absent:
    """Something of a module that a worker has not: it can be named and not used."""

    def __init__(self, name: str) -> None:
        """Be that of a name."""
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise OutOfReach(
            f"{self._name} was asked for: a kernel that is checked may not ask for the answers. "
            "Use it where the kernel is not"
        )

    __call__ = __getitem__ = __iter__ = __bool__ = __mro_entries__ = _refuse


class Block(Loader, MetaPathFinder):
    """A finder that stands before all others, and a loader of modules with nothing in them."""

    def __init__(self) -> None:
        """Learn which modules hold or compute answers."""
        self._closed = {f"{_PACKAGE}.{wing}" for wing in closed_wings()}
        self._closed |= {f"{_PACKAGE}.tests.{name}" for name in ANSWERING_TESTS}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A module of absent things for one that is closed; None for any other."""
        del path, target
        if any(name == closed or name.startswith(f"{closed}.") for closed in self._closed):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        """As Python does it."""

    def exec_module(self, module: ModuleType) -> None:
        """Give it absent things for whatever is wanted of it."""
        absent = Absent(module.__name__)
        vars(module)["__getattr__"] = absent.__getattr__


def install() -> None:
    """Block imports in this process from now on."""
    sys.meta_path.insert(0, Block())
