"""Tests of finding the object that a selector names."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import AdapterError
from conformance.harness.kernels import find

TWO = "def batch_normal(x): return x\ndef other(x): return x\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two functions."""
    made = tmp_path / "two_kernels.py"
    made.write_text(TWO)
    return made


def test_a_function_of_a_file_is_found(file: Path) -> None:
    """``path.py:function`` names the function."""
    found = find.find(f"{file}:other")
    assert getattr(found, "__name__", "") == "other"


def test_a_function_of_a_module_is_found() -> None:
    """``module:object`` names an object, dots included."""
    assert find.find("json.decoder:JSONDecoder.decode") is not None


def test_the_only_function_need_not_be_named(tmp_path: Path) -> None:
    """A file that defines one function is that function, whatever it imports."""
    file = tmp_path / "alone.py"
    file.write_text("from json import dumps\ndef mine(x): return dumps(x)\n")
    assert getattr(find.find(str(file)), "__name__", "") == "mine"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (":batch_norm", "Did you mean {file}:batch_normal?"),
        ("", "defines batch_normal, other: one kernel was wanted"),
        (":zzz", "It defines batch_normal, other."),
    ],
)
def test_a_name_that_is_nearly_right_is_answered(file: Path, name: str, words: str) -> None:
    """The message names what is there, and the nearest first."""
    with pytest.raises(AdapterError) as refused:
        find.find(f"{file}{name}")
    assert words.format(file=file) in str(refused.value)


def test_a_file_that_is_nearly_right_is_answered(file: Path) -> None:
    """The message names the file that was probably meant."""
    with pytest.raises(AdapterError) as refused:
        find.find(str(file.with_name("two_kernel.py")))
    assert f"Did you mean {file}?" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_module_at_all", "needs the module 'no_such_module_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def f(:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_does_not_import_says_why(tmp_path: Path, text: str, words: str) -> None:
    """Whatever a file raises while it is imported is told as that, and ends nothing."""
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(AdapterError) as refused:
        find.find(f"{file}:f")
    assert words in str(refused.value)


def test_a_file_imports_its_neighbours(tmp_path: Path) -> None:
    """A kernel's file can import what lies beside it, as when it is run as a script."""
    (tmp_path / "beside_it.py").write_text("VALUE = 7\n")
    (tmp_path / "uses_it.py").write_text("from beside_it import VALUE\ndef f(x): return VALUE\n")
    found = find.find(f"{tmp_path / 'uses_it.py'}:f")
    assert callable(found)
    assert found(None) == 7


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("a/b.py:f", ("a/b.py", "f")),
        ("a/b.py", ("a/b.py", None)),
        ("torch.nn:BatchNorm2d", ("torch.nn", "BatchNorm2d")),
        ("a.python.module:f", ("a.python.module", "f")),
        ("my.pylib:f", ("my.pylib", "f")),
    ],
)
def test_selectors_are_taken_apart(selector: str, parts: tuple[str, str | None]) -> None:
    """A file ends in ``.py``; everything else is a module."""
    assert find.split(selector) == parts
