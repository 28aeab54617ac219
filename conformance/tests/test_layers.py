"""The house: which wing may import which, held against the imports of every file.

CONTRIBUTING.md tells the same in words.  Imports within functions count like all others.
"""

from __future__ import annotations

import os
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import conformance
from conformance.tests import house
from conformance.tests.house import NO_CODE

PACKAGE = Path(conformance.__file__).parent
MODULES = house.modules(PACKAGE)
CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", PACKAGE.parent))

GROUND = frozenset(
    {
        "_version",
        "adapter",
        "array_files",
        "arrays",
        "atomic",
        "document_kinds",
        "documents",
        "batches",
        "block",
        "block_form",
        "case",
        "errors",
        "file_names",
        "float_types",
        "type_names",
        "layout",
        "literals",
        "memory",
        "places",
        "printable",
        "schema_check",
        "scratch",
    }
)
"""Files that stand alone at the top: what an adapter's author imports, and what that needs."""

FLOORS: tuple[frozenset[str], ...] = (
    GROUND,
    frozenset({"oracle"}),
    frozenset({"cases"}),
    frozenset({"verdict"}),
    frozenset({"faults"}),
    frozenset({"harness"}),
    frozenset({"power", "quality", "report"}),
    frozenset({"capture", "checking", "nights"}),
    frozenset({"commands", "suite"}),
)
"""From the ground up; a wing imports what stands below it and nothing else."""

DOORS = frozenset({"__init__", "__main__", "cli"})
"""They open onto wings and hold nothing: nobody imports them."""

WINGS = [wing for floor in FLOORS[1:] for wing in sorted(floor)]


def floor_of(wing: str) -> int:
    """On which floor a wing or a ground file stands."""
    (found,) = [number for number, floor in enumerate(FLOORS) if wing in floor]
    return found


def _imports(file: Path) -> set[str]:
    return house.imports(file, PACKAGE)


def test_every_room_is_in_the_picture() -> None:
    """A file or folder at the top of the package stands on a floor, or is a door or data."""
    rooms = {entry.stem for entry in PACKAGE.iterdir() if not entry.name.startswith("__pycache")}
    rooms -= {"py"}  # py.typed
    assert rooms <= GROUND | {*WINGS} | DOORS | NO_CODE
    assert GROUND | {*WINGS} | DOORS <= rooms


@pytest.mark.parametrize("wing", [*sorted(GROUND), *WINGS])
def test_a_wing_imports_only_what_stands_below_it(wing: str) -> None:
    """Arrows run one way: down, or within the wing; ground files may import each other."""
    inside = {name: file for name, file in MODULES.items() if name.split(".")[0] == wing}
    assert inside
    for name, file in inside.items():
        for other in (module.split(".")[0] for module in _imports(file)):
            assert other not in DOORS, f"{name} imports {other}, which holds nothing"
            below = floor_of(other) < floor_of(wing)
            beside = other == wing or {other, wing} <= GROUND
            assert below or beside, f"{name} imports {other}, which does not stand below {wing}"


def test_no_circle_but_the_one_that_printing_needs() -> None:
    """No module imports itself through others; ``print(report)`` needs the one circle there is."""
    graph = {name: _imports(file) - {name} for name, file in MODULES.items() if name not in DOORS}
    for needed in ("terminal", "notebook"):
        graph["checking.report"].discard(f"checking.{needed}")
    # A package's own file hands on what is in it: modules in it may import it while it loads.
    for name in (name for name in graph if MODULES[name].stem == "__init__"):
        graph[name] = {other for other in graph[name] if not other.startswith(f"{name}.")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


def test_adapters_import_the_ground_alone() -> None:
    """Everything about a framework is in its folder: it uses the ground files and no wing."""
    folder = next(f for f in (PACKAGE / "adapters", CHECKOUT / "adapters") if f.is_dir())
    files = [f for f in folder.rglob("*.py") if "tests" not in f.relative_to(folder).parts]
    assert files
    for file in files:
        strays = {module for module in _imports(file) if module.split(".")[0] not in GROUND}
        assert not strays, f"{file} imports {sorted(strays)}"


def test_the_guide_tells_the_same_floors() -> None:
    """CONTRIBUTING.md names every wing once in its picture, from the ground up."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^    (?:\d )?(\w+)/", text, re.MULTILINE)
    assert sorted(told, key=lambda wing: (floor_of(wing), wing)) == told
    assert set(told) == set(WINGS)
