"""The structure of the package, read from its imports: rooms, arrows between them, floors.

    python -m conformance.tests.house            counts of this installation
    python -m conformance.tests.house FOLDER     of a package elsewhere, such as an earlier commit's

A room is a file or a folder at the top of the package; an arrow is a pair of rooms of which one
imports the other; the floor of a room is one more than the highest floor that it imports from.
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import conformance

NO_CODE = frozenset({"adapters", "fixtures", "schemas", "tests"})
"""Folders at the top that hold no module of the package."""


@lru_cache
def modules(package: Path) -> Mapping[str, Path]:
    """Every module of a package but tests and loaded folders, by its dotted name below it."""
    found = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package).with_suffix("").parts
        if parts[0] not in NO_CODE:
            found[".".join(part for part in parts if part != "__init__") or "__init__"] = file
    return found


def imports(file: Path, package: Path) -> set[str]:
    """The modules of the package that a file imports, by their names below it."""
    known, found = modules(package), set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("conformance"):
            base = (node.module or "").removeprefix("conformance").removeprefix(".")
            for alias in node.names:
                inner = f"{base}.{alias.name}".removeprefix(".")
                found.add(inner if inner in known else base or "__init__")
        elif isinstance(node, ast.Import):
            names = (alias.name for alias in node.names)
            found |= {n.removeprefix("conformance.") for n in names if n.startswith("conformance.")}
    return found


def arrows(package: Path) -> dict[str, set[str]]:
    """For every room the rooms that it imports from."""
    found: dict[str, set[str]] = {}
    for name, file in modules(package).items():
        room = name.split(".")[0]
        reached = {other.split(".")[0] for other in imports(file, package)}
        found.setdefault(room, set()).update(reached - {room})
    return found


def floors(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """The floor of every room, the lowest 1; rooms that import each other in a circle share one."""
    found = dict.fromkeys(graph, 1)
    for _ in graph:  # no way through the house is longer than it has rooms
        for room, reached in graph.items():
            above = [found[other] + 1 for other in reached if room not in _below(graph, other)]
            found[room] = max([found[room], *above])
    return found


def _below(graph: Mapping[str, set[str]], room: str) -> set[str]:
    seen: set[str] = set()
    left = [room]
    while left:
        for other in graph.get(left.pop(), set()) - seen:
            seen.add(other)
            left.append(other)
    return seen


def main() -> None:
    """Print the counts, and every room from the top floor down."""
    home = Path(conformance.__file__).parent
    package = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else home
    graph = arrows(package)
    floor = floors(graph)
    count = sum(len(reached) for reached in graph.values())
    print(f"{len(graph)} rooms, {max(floor.values())} floors, {count} arrows")
    for room in sorted(graph, key=lambda room: (-floor[room], room)):
        print(f"{floor[room]:2}  {room}: {', '.join(sorted(graph[room])) or '-'}")


if __name__ == "__main__":
    main()
