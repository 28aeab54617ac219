"""docs/languages/README.md says what is so: lines of code, commands, and what they print."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

import pytest

from conformance.tests.languages.programs import BY_NAME, FIXTURES, LANGUAGES

pytestmark = pytest.mark.skipif(not LANGUAGES.is_dir(), reason="the judges are in the checkout")


def page() -> str:
    """The page."""
    return (LANGUAGES / "README.md").read_text()


def test_the_table_has_every_judge_and_its_lines() -> None:
    """The page lists every judge with its lines, and the version of the package that is pinned."""
    told = re.findall(r"^\| \S+ \| `(\S+)` \| (\d+) \|", page(), re.MULTILINE)
    files = [held.judge for held in BY_NAME.values()]
    lines = {file: len((LANGUAGES / file).read_text().splitlines()) for file in files}
    assert {file: int(count) for file, count in told} == lines
    pinned = json.loads((LANGUAGES / "javascript" / "package.json").read_text())["dependencies"]
    assert f"h5wasm {pinned['h5wasm']}" in page()


@pytest.mark.parametrize("kernel", ["short-dx", "right"])
def test_what_is_shown_is_printed(kernel: str, built: Callable[[str], list[str]]) -> None:
    """The commands of the page print the lines that are shown."""
    command = f"    $ ./example {kernel} ../../../fixtures dense spatial\n"
    _, found, rest = page().partition(command)
    assert found
    shown = [line.strip() for line in rest.split("\n\n")[0].splitlines() if "..." not in line]
    done = subprocess.run(
        [*built("c"), kernel, FIXTURES, "dense", "spatial"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown
    assert set(shown) <= set(done.stdout.splitlines())
