"""What a kernel's process says of itself when it is loaded is a claim like all others."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import conformance
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Dialect
from conformance.checking.trial import Trial
from conformance.errors import AdapterError
from conformance.float_types import FLOAT_TYPES
from conformance.harness import allowance, described
from conformance.harness.kernels.contract import ARGUMENTS
from conformance.harness.kernels.declared import RANGES, RANKS
from conformance.harness.kernels.source import Source
from conformance.verdict.record import Status

SCHEMA = json.loads((files("conformance") / "schemas" / "worker-message.json").read_text())
DEFINED = SCHEMA["$defs"]

KERNEL = """
import os, sys
from conformance.harness import worker

def batch_norm(x, gamma, beta, eps):
    return x

told = worker.describe
def lies(loaded):
    told_by_us = told(loaded)
    (path,) = told_by_us["paths"]
    {lie}
    return told_by_us
sys.modules["__main__"].describe = worker.describe = lies
"""
WRITES = """
import os
for number in range(3, 9):
    try:
        os.write(number, b"#" * 99)
    except OSError:
        pass
"""

LIES = {
    "a sample": ('path["sample"] = ["nothing"]', "which only an adapter may have"),
    "switches": ('path["switches"] = {"A": "1"}', "which only an adapter may have"),
    "a loader": ('path["switches"] = {"LD_PRELOAD": "/tmp/x.so"}', "has the switch 'LD_PRELOAD'"),
    "another name": ('path["name"] = "other"', "one called kernel was wanted"),
    "two paths": ('told_by_us["paths"].append({**path, "name": "more"})', "a kernel has 2 paths"),
    "one name twice": ('told_by_us["paths"].append(path)', "two paths have one name"),
    "no path": ('told_by_us["paths"].clear()', "paths is a list of 0 items"),
    "a dialect": ('path["dialect"]["running_var"] = "either"', "dialect.running_var is 'either'"),
    "more": ('told_by_us["verdict"] = "pass"', "must not contain {'verdict'}"),
    "a long device": ('told_by_us["device"] = "x" * 100_000', "device is 'xxx"),
    "a terminal": ('told_by_us["device"] = "\\x1b[2J"', "U+001B"),
    "no versions": ('told_by_us["versions"] = {}', "versions is an object of 0 entries"),
    "many paths": (
        'told_by_us["paths"] += [{**path, "name": str(n)} for n in range(1000)]',
        "paths is a list of 1,001 items",
    ),
    "a status": ('told_by_us["status"] = "pass"; told_by_us.pop("paths")', "status is 'pass'"),
}


def refused(folder: Path, text: str) -> str:
    """Why a kernel does not load."""
    (folder / "kernel.py").write_text(text)
    source = Source(selector=f"{folder}/kernel.py:batch_norm")
    with (
        Trial(source, "mine", case_seconds=30) as trial,
        pytest.raises(AdapterError) as caught,
    ):
        trial.describe()
    return str(caught.value)


@pytest.mark.parametrize("lie", LIES)
def test_a_description_that_a_kernel_cannot_give_is_refused(lie: str, tmp_path: Path) -> None:
    """A kernel leaves out no case, sets no variable, and has one path with known conventions."""
    change, words = LIES[lie]
    said = refused(tmp_path, KERNEL.replace("{lie}", change))
    assert words in said
    assert len(said) < 1000


def test_a_kernel_that_answers_while_it_is_imported_does_not_load(tmp_path: Path) -> None:
    """The first message to come is no description, however early it is sent."""
    text = (
        KERNEL.replace("{lie}", "pass") + "\nfor n in range(3, 9):\n    try: os.write(n, b'#' * 99)"
    )
    said = refused(tmp_path, text + "\n    except OSError: pass\n")
    assert "did not load (error): what the worker sent is no usable answer: it begins with" in said


def test_a_kernel_that_does_not_load_again_is_an_error_of_one_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once a kernel has been loaded, a start that fails costs the case that needed it."""
    apart = tmp_path / "apart"
    apart.mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(apart))  # a worker may write among caches alone
    text = (
        "import os\nfrom pathlib import Path\n"
        f"seen = Path({str(apart / 'seen')!r})\n"
        "if seen.exists():\n    raise ValueError('once is enough')\n"
        "seen.touch()\n"
        "def batch_norm(x, gamma, beta, eps):\n    os._exit(1)\n"
    )
    (tmp_path / "kernel.py").write_text(text)
    cases = ("dense/train-float32", "spatial/train-nchw-float32")
    report = conformance.check(f"{tmp_path}/kernel.py:batch_norm", case=cases, fresh=False)
    first, second = (case.outputs["y"] for case in report.cases)
    assert first.status is Status.CRASH
    assert second.status is Status.ERROR
    assert "it does not load again" in (second.reason or "")
    assert "once is enough" in (second.reason or "")


def test_the_schema_says_what_the_tables_say() -> None:
    """Conventions, arguments, types, ranges and bounds are those of the code."""
    hints = get_type_hints(Dialect)
    conventions = DEFINED["dialect"]["properties"]
    assert {name: tuple(said["enum"]) for name, said in conventions.items()} == {
        name: get_args(hint) for name, hint in hints.items()
    }
    facts = DEFINED["facts"]["properties"]
    assert set(facts) == set(described.FACTS)
    assert tuple(facts["takes"]["items"]["enum"]) == ARGUMENTS
    assert tuple(facts["dtypes"]["items"]["enum"]) == tuple(FLOAT_TYPES)
    assert tuple(facts["ranks"]["items"]["enum"]) == tuple(RANKS)
    assert {
        name: (said["minimum"], said["maximum"])
        for name, said in facts["fixed"]["properties"].items()
    } == dict(RANGES)
    assert DEFINED["arrays"]["maxItems"] == 2 * len(OUTPUT_NAMES)
    assert DEFINED["failed"]["properties"]["reason"]["maxLength"] == allowance.REASON
    assert DEFINED["failed"]["properties"]["trace"]["maxLength"] == allowance.TRACE
    assert DEFINED["declined"]["properties"]["reason"]["maxLength"] == allowance.REASON
    assert DEFINED["reproduced"]["properties"]["program"]["maxLength"] == allowance.PROGRAM
