"""Tests of what a worker may say of its framework's defaults, and of what is refused."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import pytest

from conformance.errors import MessageError
from conformance.harness import wire
from conformance.harness.answer import Reply, receive
from conformance.harness.request import defaults_of

TOLD = {"eps": 1e-5, "momentum": None, "new_weight": 0.1, "takes_mask": False}


def _sent(defaults: object, **more: Any) -> Any:
    """What becomes of an answer to the question for defaults."""
    request = defaults_of("plain")
    asked = {"number": request.number, "answers": "defaults"}
    header = {"status": "ok", "defaults": defaults, "arrays": [], **asked, **more}
    text = json.dumps(header).encode()
    data = struct.pack(">8sIQ", b"batchnrm", len(text), 0) + text
    return receive(wire.reading(io.BytesIO(data)), request)


def test_four_facts_may_be_told() -> None:
    """Numbers, nothing where a call must say it, and whether a mask is taken arrive as told."""
    told = _sent(TOLD)
    assert told.reply is Reply.OK
    assert told.header["defaults"] == TOLD
    assert _sent({}).header["defaults"] == {}


@pytest.mark.parametrize(
    ("defaults", "more"),
    [
        ([], {}),
        (None, {}),
        ({"epsilon": 1.0}, {}),
        ({"eps": "small"}, {}),
        ({"eps": True}, {}),
        ({"eps": float("nan")}, {}),
        ({"momentum": float("inf")}, {}),
        ({"momentum": 1e300}, {}),
        ({"new_weight": [0.1]}, {}),
        ({"takes_mask": 1}, {}),
        ({"takes_mask": None}, {}),
        (TOLD, {"verdict": "pass"}),
        (TOLD, {"status": "pass"}),
        (TOLD, {"answers": "run"}),
        (TOLD, {"arrays": [["y", "float64", [1]]]}),
        (TOLD, {"number": "0" * 32}),
    ],
)
def test_what_is_no_default_is_no_answer(defaults: object, more: dict[str, Any]) -> None:
    """Other names, types, endless numbers, arrays and verdicts are refused as no answer."""
    with pytest.raises(MessageError, match="is no usable answer"):
        _sent(defaults, **more)
