"""What a kernel consists of: its imports are followed, and none of them is run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.checking import closure
from conformance.checking.named import named

BOMB = "raise SystemExit('this was run')\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **files: str) -> None:
    """Write modules; two underscores part folders."""
    for name, text in files.items():
        file = folder / (name.replace("__", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(BOMB + text)


def files(*roots: str) -> set[str]:
    """Names of the files of a kernel."""
    return set(closure.of_files([Path(root) for root in roots]).files)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("import helper", {"helper.py"}),
        ("def f():\n    import helper", {"helper.py"}),
        ("from helper import a as b", {"helper.py"}),
        ("import pkg.part", {"pkg/init.py", "pkg/part.py"}),
        ("from pkg import part", {"pkg/init.py", "pkg/part.py"}),
        ("from pkg import nothing", {"pkg/init.py"}),
        ("from pkg import relative", {"pkg/init.py", "pkg/relative.py", "pkg/part.py"}),
        ("import bare.inner", {"bare/inner.py"}),
        ("import chain", {"chain.py", "helper.py"}),
        ("import importlib\nimportlib.import_module('helper')", {"helper.py"}),
        ("__import__('pkg.part')", {"pkg/init.py", "pkg/part.py"}),
        ("import numpy, json, os.path", set()),
        ("import random", set()),  # the standard library's comes first
        ("model.eval()", set()),
        ("import nowhere", set()),
        ("import conformance", set()),
    ],
)
def test_imports_are_followed(here: Path, text: str, wanted: set[str]) -> None:
    """Modules, packages, parts of packages, wherever they are imported; no more than these."""
    write(here, k=text, helper="a = 1", chain="import helper", random="", bare__inner="")
    write(here, pkg__part="", pkg__relative="from . import part\nfrom .part import a", unused="")
    (here / "pkg" / "__init__.py").write_text(BOMB)
    found = {name.replace("__init__", "init") for name in files("k.py")}
    assert found == {"k.py"} | wanted


@pytest.mark.parametrize(
    "text",
    [
        "import importlib\nimportlib.import_module('hel' + 'per')",
        "exec(open('helper.py').read())",
        "exec('import helper')",
        "eval('__import__(\"helper\")')",
        "import runpy\nrunpy.run_path('helper.py')",
        "from importlib.util import spec_from_file_location\nspec_from_file_location('a', p)",
    ],
)
def test_computed_imports_take_every_neighbour(here: Path, text: str) -> None:
    """Where a name is computed, whatever lies beside the kernel may be meant, and counts."""
    write(here, k=text, helper="", below__deep="")
    (here / "native.so").write_bytes(b"\x7fELF")
    (here / "data.txt").write_text("no module")
    assert files("k.py") == {"k.py", "helper.py", "below/deep.py", "native.so"}


def test_compiled_modules_count(here: Path) -> None:
    """A module in C beside the kernel is a file of it."""
    write(here, k="import fast")
    (here / "fast.so").write_bytes(b"\x7fELF")
    assert files("k.py") == {"k.py", "fast.so"}


def test_every_file_changes_the_digest(here: Path) -> None:
    """A changed, a renamed and an added file make another kernel."""
    write(here, k="import helper", helper="a = 1", other="")
    seen = {closure.of_files([Path("k.py")]).digest}
    write(here, helper="a = 2")
    seen.add(closure.of_files([Path("k.py")]).digest)
    write(here, k="import helper, other")
    seen.add(closure.of_files([Path("k.py")]).digest)
    assert len(seen) == 3


def test_where_a_kernel_lies_does_not_change_the_digest(here: Path) -> None:
    """The same files in another folder are the same kernel."""
    write(here / "a", k="import helper", helper="")
    write(here / "b", k="import helper", helper="")
    one, other = (closure.of_files([here / place / "k.py"]) for place in "ab")
    assert one.digest == other.digest


def test_what_cannot_be_read_is_said(here: Path) -> None:
    """A file that is no Python is a file of the kernel, and its imports are not known."""
    (here / "k.py").write_text("def (")
    found = closure.of_files([Path("k.py")])
    assert set(found.files) == {"k.py"}
    assert found.unread == ("k.py: SyntaxError",)


def test_installed_distributions_are_named_with_versions(here: Path) -> None:
    """What is installed is told by name and version, and not followed."""
    write(here, k="import numpy.linalg\nfrom h5py import File")
    found = closure.of_files([Path("k.py")])
    assert set(found.distributions) == {"numpy", "h5py"}
    assert all(found.distributions.values())


def test_a_module_is_located_without_being_run(here: Path) -> None:
    """Naming a module of a package runs neither; its files are those of both."""
    write(here, pkg__part="import helper", helper="")
    (here / "pkg" / "__init__.py").write_text(BOMB)
    with named("pkg.part:batch_norm") as known:
        assert set(known.closure().files) == {"pkg/__init__.py", "pkg/part.py", "helper.py"}
    assert "pkg" not in sys.modules


def test_programs_are_their_files(here: Path) -> None:
    """Of a command the files among its words count, and what a script of Python imports."""
    write(here, script="import helper", helper="")
    with named(f"exec:{sys.executable} script.py") as known:
        found = set(known.closure().files)
    assert {"script.py", "helper.py"} <= found
    assert Path(sys.executable).name in found


def test_a_function_of_a_notebook_is_its_source() -> None:
    """What has no file has the digest of its text; that it uses more is said."""

    def batch_norm(x: object) -> object:
        return x

    batch_norm.__module__ = "__main__"
    with named(batch_norm) as known:
        found = known.closure()
    assert set(found.files) == {"source"}
    assert found.digest is not None
    assert found.unread
