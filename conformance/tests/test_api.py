"""What `import conformance` gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

import conformance


def test_every_public_name_exists() -> None:
    """The public names are few and all there."""
    assert len({*conformance.__all__} - {"__version__"}) <= 10
    for name in conformance.__all__:
        assert getattr(conformance, name) is not None


def test_every_public_name_is_listed() -> None:
    """A name that is loaded later is in dir() from the start, so that a shell completes it."""
    code = "import conformance; print(set(conformance.__all__) - set(dir(conformance)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_name_that_is_none_is_an_error() -> None:
    """A mistyped name is an AttributeError that says it, and no import of something else."""
    with pytest.raises(AttributeError, match="has no attribute 'chekc'"):
        conformance.chekc  # type: ignore[attr-defined]  # noqa: B018 - the access is the test


@pytest.mark.parametrize(
    ("use", "loaded"), [("pass", set()), ("conformance.Case, conformance.load", {"numpy"})]
)
def test_import_loads_no_framework(use: str, loaded: set[str]) -> None:
    """Importing the package loads nothing; its names load numpy, and none of the rest."""
    code = (
        f"import sys, conformance; {use}; "
        "heavy = {'numpy', 'h5py', 'torch', 'tensorflow', 'jax', 'pytest', 'rich', 'jinja2'}; "
        "print(*(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == loaded
