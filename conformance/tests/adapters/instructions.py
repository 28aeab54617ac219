"""What adapters over XLA are held to on a processor that lacks instructions, acted on this one."""

from __future__ import annotations

import platform

import pytest

from conformance.cases import golden
from conformance.harness.probing import PROBED
from conformance.harness.session import Session


def require_found_lacking(adapter: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither.

    Args:
        adapter: Its name.
        path: One of its paths that XLA computes.
        monkeypatch: Sets XLA's flags.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the instructions are those of an x86 processor")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=SSE4_2")
    case = next(golden.load(["dense/train-float16"]))
    with Session(adapter) as started:
        traits = started.describe()["traits"]
        answer = started.run(path, case)
    lacking = ("fused-multiply-add", "float16-under-xla", "float16-arithmetic")
    assert traits == dict.fromkeys(lacking, False)
    assert answer.status == "unsupported"
    assert str(answer.reason).startswith(f"{PROBED}float16 under XLA: ")
