"""The models of ``docs/examples/capture``, captured by the command."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.cases.golden import manifest
from conformance.cli import main

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[3]))
FOLDER = CHECKOUT / "docs" / "examples" / "capture"

in_checkout = pytest.mark.skipif(not FOLDER.is_dir(), reason="the examples are in the checkout")


def captured(example: str, out: Path, *words: str) -> tuple[int, Mapping[str, Any]]:
    """The exit status of the command, and the JSON that it left.

    Args:
        example: Such as ``"torch_gan.py:prepare"``.
        out: Where it writes.
        words: Its other arguments.
    """
    status = main(["capture", str(FOLDER / example), "--out", str(out), *words])
    said: Mapping[str, Any] = json.loads((out / "CAPTURE.json").read_text())
    assert said["digest"] == manifest(out).digest
    return status, said


def wrong(said: Mapping[str, Any]) -> set[str]:
    """Layers and outputs in which the framework is wrong, such as ``"bn1 dx"``."""
    return {
        f"{call['layer']} {name}"
        for call in said["calls"]
        for name, result in call["outputs"].items()
        if result["status"] == "fail"
    }


def outputs(said: Mapping[str, Any], layer: str) -> set[str]:
    """The outputs that were judged in every call of a layer."""
    calls = [set(call["outputs"]) for call in said["calls"] if call["layer"] == layer]
    return set.intersection(*calls) if calls else set()
