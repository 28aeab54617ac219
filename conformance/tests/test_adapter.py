"""Finding and loading adapters, and what a path can take."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.adapter import Capabilities, why_not
from conformance.case import Inputs
from conformance.errors import AdapterError
from conformance.tests.oracle.by_hand import make

ABOVE = """
from conformance.adapter import Adapter, Path
from ..below.words import ABOUT

ADAPTER = Adapter(name="above", packages=("numpy",), device=lambda: "cpu",
                  paths=(Path(name="only", about=ABOUT, run=lambda inputs: {}),))
"""
"""An adapter that stands on the one of the folder beside it."""


def test_every_adapter_folder_is_complete() -> None:
    """An adapter has a file of code, one of requirements and one of expectations."""
    assert {"textbook", "torch", "tensorflow", "jax", "numba_cuda"} <= set(adapter.names())
    for name in adapter.names():
        held = {file.name for file in adapter.home(name).iterdir()}
        assert {"adapter.py", "requirements.txt", "expectations.toml"} <= held, name
        assert "__init__.py" not in held, name


def test_unknown_adapter_is_answered_with_the_nearest() -> None:
    """A nearly right name is answered with the right one."""
    with pytest.raises(AdapterError, match="Did you mean 'textbook'"):
        adapter.home("textbok")


def test_loaded_adapter_has_the_name_of_its_folder() -> None:
    """The textbook adapter loads without any framework."""
    loaded = adapter.load("textbook")
    assert loaded.name == "textbook"
    assert len({path.name for path in loaded.paths}) == len(loaded.paths)
    with pytest.raises(AdapterError, match="no path 'x'"):
        loaded.path("x")


def test_an_adapter_takes_what_its_neighbour_has(tmp_path: Path) -> None:
    """By a relative import, without running the neighbour's adapter; another place has others."""
    for place, told in (("here", "one"), ("there", "two")):
        for folder, file, text in (
            ("below", "adapter.py", "raise SystemExit\n"),
            ("below", "words.py", f"ABOUT = {told!r}\n"),
            ("above", "adapter.py", ABOVE),
        ):
            (tmp_path / place / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / place / folder / file).write_text(text)
        loaded = adapter.load(str(tmp_path / place / "above" / "adapter.py"))
        assert [path.about for path in loaded.paths] == [told]


class _Importing(str):
    """The name of a module that makes another one appear when it is looked at."""

    __slots__ = ()

    def startswith(self, *arguments: Any) -> bool:
        """As of any text, after an import as another thread's may come in between."""
        sys.modules["another_thread_of_a_framework"] = ModuleType("another")
        return super().startswith(*arguments)


def test_an_adapter_is_loaded_while_a_framework_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a framework imports meanwhile, in a thread of its own, does not get in the way."""
    name = _Importing("a_framework")
    monkeypatch.setitem(sys.modules, name, ModuleType("a_framework"))
    for file, text in (("below/words.py", "ABOUT = 'it'"), ("above/adapter.py", ABOVE)):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text(text, encoding="utf-8")
    try:
        assert adapter.load(str(tmp_path / "above" / "adapter.py")).name == "above"
    finally:
        del sys.modules["another_thread_of_a_framework"]


def test_file_without_an_adapter_is_refused(tmp_path: Path) -> None:
    """An adapter.py must define ADAPTER."""
    (tmp_path / "adapter.py").write_text("ADAPTER = 3\n")
    with pytest.raises(AdapterError, match="ADAPTER = 3"):
        adapter.load(str(tmp_path / "adapter.py"))


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("torch", ("torch", None)),
        ("jax/xla_hlo", ("jax", "xla_hlo")),
        ("my/adapter.py", ("my/adapter.py", None)),
        ("my/adapter.py:fast", ("my/adapter.py", "fast")),
    ],
)
def test_selectors_are_taken_apart(selector: str, parts: tuple[str, str | None]) -> None:
    """A selector names an adapter or a file, and maybe a path."""
    assert adapter.split(selector) == parts


_HALVES: dict[str, Any] = {
    name: np.ones(4, np.float16) for name in ("gamma", "beta", "running_mean", "running_var")
}
SHORT = replace(make((6, 4), np.float32), **_HALVES)
"""Parameters narrower than x."""


@pytest.mark.parametrize(
    ("able", "inputs", "reason"),
    [
        (Capabilities(), make((6, 4), np.float32), None),
        (Capabilities(dtypes=frozenset({"float64"})), make((6, 4), np.float32), "no float32"),
        (Capabilities(ranks=frozenset({4})), make((6, 4), np.float32), "no rank 2"),
        (Capabilities(test_mode=False), make((6, 4), np.float32, training=False), "no test mode"),
        (Capabilities(max_elements=10), make((6, 4), np.float32), "24 elements, at most 10"),
        (Capabilities(), make((6, 4, 2), np.float32, axis=(1, 2)), "no per-activation mode"),
        (Capabilities(without_gamma=False), make((6, 4), np.float32, gamma=None), "gamma"),
        (Capabilities(pure=frozenset()), make((6, 4), np.float16), "no float16 parameters"),
        (Capabilities(), SHORT, "no float32 input with float16 parameters"),
        (Capabilities(narrow=frozenset({"float32+bfloat16"})), SHORT, "with float16 parameters"),
        (Capabilities(narrow=frozenset({"float32+float16"})), SHORT, None),
    ],
)
def test_refusals_are_data(able: Capabilities, inputs: Inputs, reason: str | None) -> None:
    """What a path cannot take is known before it runs, with the reason."""
    found = why_not(able, inputs)
    assert (found is None) == (reason is None)
    assert reason is None or reason in str(found)
