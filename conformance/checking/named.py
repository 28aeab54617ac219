"""From what a user hands over to the words that another process can load it by."""

from __future__ import annotations

import importlib.util
import inspect
import json
import reprlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance import scratch
from conformance.checking import closure
from conformance.checking.closure import Closure
from conformance.errors import AdapterError
from conformance.harness import search_path
from conformance.harness.kernels import find
from conformance.harness.kernels.source import is_program


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A kernel by name.

    Attributes:
        selector: What a worker loads it by.
        shown: What a report calls it.
        files: The files that it is written in, as far as they are known.
        source: Its source text, where there is no file.
        attribute: Its attribute ``conformance`` where the user handed over the object itself: it
            may have been set after the module was made, which another process makes anew.
    """

    selector: str
    shown: str
    files: tuple[Path, ...]
    source: bytes = b""
    attribute: Mapping[str, Any] | None = None

    def closure(self) -> Closure:
        """Its files and all that they import, as they are now; nothing of it is run."""
        if not self.files:
            return closure.of_source(self.source)
        where, _ = find.split(self.selector)
        if is_program(self.selector) or where.endswith(".py"):
            return closure.of_files(self.files)
        return closure.of_module(where)

    @property
    def quoted(self) -> str:
        """The selector as a shell takes it."""
        return shlex.quote(self.shown)


@contextmanager
def named(kernel: object) -> Iterator[Named]:
    """Name a kernel for the time of a check.

    Args:
        kernel: A selector, or a function or class; what cannot be imported elsewhere, as in a
            notebook, travels as a pickle.

    Raises:
        AdapterError: it is no kernel, or cannot be pickled.
    """
    if isinstance(kernel, str):
        yield Named(selector=kernel, shown=kernel, files=_files(kernel))
        return
    if not callable(kernel):
        raise AdapterError(
            f"the kernel is {kernel!r}, a function, a class or a text was wanted. "
            'Such as "my_kernel.py:batch_norm".'
        )
    attribute = attribute_of(kernel)
    home = _importable(kernel)
    if home is not None:
        yield replace(home, attribute=attribute)
        return
    name = getattr(kernel, "__qualname__", type(kernel).__name__)
    with scratch.folder() as folder:
        file = folder / "kernel.pickle"
        file.write_bytes(_pickled(kernel, name))
        yield Named(
            selector=f"{find.PICKLED}{file}",
            shown=name,
            files=(),
            source=_source(kernel),
            attribute=attribute,
        )


def attribute_of(kernel: object) -> dict[str, Any] | None:
    """What a kernel declares now, in words that travel; None where it declares nothing.

    Raises:
        AdapterError: an entry is no text, number or list of these.
    """
    said = getattr(kernel, "conformance", None)
    if not isinstance(said, Mapping):
        return None  # what it is instead, its worker refuses
    plain = {
        str(name): sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        for name, value in said.items()
    }
    try:
        told: dict[str, Any] = json.loads(json.dumps(plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise AdapterError(
            f"the attribute conformance is {reprlib.repr(dict(said))}, which has more than texts, "
            f"numbers and lists: {error}. Write it with these."
        ) from error
    return told


def _files(selector: str) -> tuple[Path, ...]:
    if is_program(selector):
        from conformance.harness.kernels import program  # noqa: PLC0415 - for programs alone

        return tuple(program.source_files(selector))
    file = find.file_of(selector)
    if file is not None:
        return (file,) if file.is_file() else ()
    own = closure.locate(find.split(selector)[0])
    return () if own is None else (own,)


def _importable(kernel: object) -> Named | None:
    """The name of an object that another process can import, if there is one."""
    module_name = getattr(kernel, "__module__", None) or ""
    name = getattr(kernel, "__qualname__", "")
    module = sys.modules.get(module_name)
    if module is None or module_name == "__main__" or "<" in name:
        return None
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    try:
        spec = importlib.util.find_spec(module_name)
    except (ImportError, ValueError):
        return None
    file = getattr(module, "__file__", None)
    if found is not kernel or spec is None or not file or spec.origin != file:
        return None
    selector = f"{module_name}:{name}"
    return Named(selector=selector, shown=selector, files=(Path(file),))


def _pickled(kernel: object, name: str) -> bytes:
    with search_path.neighbours_last():
        import cloudpickle  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types; for objects alone
    module = sys.modules.get(getattr(kernel, "__module__", None) or "")
    by_value = module is not None and module.__name__ != "__main__"
    if by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(kernel))
    except Exception as error:
        raise AdapterError(
            f"{name} cannot be sent to another process: {type(error).__name__}: {error}. "
            'Put it into a file and give its name: "my_kernel.py:batch_norm".'
        ) from error
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)


def _source(kernel: object) -> bytes:
    try:
        return inspect.getsource(kernel).encode()  # type: ignore[arg-type]  # it refuses by itself
    except (OSError, TypeError):
        return b""
