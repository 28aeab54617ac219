"""Writing and reading the folders of ONNX backend tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from conformance import documents
from conformance.cases.exported import raw
from conformance.cases.exported.content import Exported, Files, Group, blamed
from conformance.cases.exported.onnx_tests.expressing import OPSETS, express, opsets, refuses
from conformance.cases.exported.onnx_tests.protobuf import messages, require, serialized
from conformance.cases.exported.onnx_tests.tolerance import tolerance
from conformance.file_names import file_name

__all__ = ["ABOUT", "files", "read", "refuses"]

ABOUT = "ONNX backend tests with the bounds beside them"

_LONGEST = 64 * 2**20
"""The most bytes of a message: a tensor has at most 16 MiB."""


def files(group: Group) -> Files:
    """The files of a group, whose cases the operator can express."""
    for exported in group.cases:
        expressed = express(exported.case)
        for opset in opsets(exported.case):
            place = f"opset{opset}/test_{file_name(exported.case.id)}"
            told = tolerance(exported, expressed.outputs)
            yield f"{place}/data.json", (json.dumps(told).encode() + b"\n",)
            for name, message in messages(expressed, opset).items():
                yield f"{place}/{name}", (serialized(message),)
            for name, data in raw.files_of(exported).items():
                yield f"{place}/{name}", (data,)


def read(folder: Path) -> Iterator[Exported]:
    """The cases of a folder, each once for every opset that it is there for.

    Raises:
        ExportError: a case is damaged, or its messages are not those of the case.
    """
    for opset in OPSETS:
        for place in sorted(folder.glob(f"opset{opset}/test_*")):
            exported = raw.read_case(place)
            with blamed(str(place)):
                for name, wanted in messages(express(exported.case), opset).items():
                    require(documents.read_bytes(place / name, _LONGEST), wanted, name)
            yield exported
