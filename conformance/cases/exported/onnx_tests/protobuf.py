"""A case as the messages of ONNX: a model of one node, and a tensor for each input and output.

The messages say nothing of when, by whom or by which version they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnx
from google.protobuf.message import DecodeError, Message
from onnx import helper

from conformance.case import Array
from conformance.cases.exported.content import bits
from conformance.cases.exported.onnx_tests.expressing import FIELDS, Expressed
from conformance.errors import ExportError
from conformance.type_names import name_of

_TYPES = {
    "bfloat16": onnx.TensorProto.BFLOAT16,
    "float16": onnx.TensorProto.FLOAT16,
    "float32": onnx.TensorProto.FLOAT,
    "float64": onnx.TensorProto.DOUBLE,
}

_IR_VERSION = 8
"""The version of the file format that came with opset 15; every runtime that has that reads it."""


def model(expressed: Expressed, opset: int) -> onnx.ModelProto:
    """The model of one BatchNormalization node."""
    attributes: dict[str, Any] = {"epsilon": expressed.epsilon}
    if expressed.training:
        attributes |= {"momentum": expressed.momentum, "training_mode": 1}
    node = helper.make_node(
        "BatchNormalization",
        list(expressed.inputs),
        # In training mode the node must have all three, whatever of them is compared.
        list(FIELDS) if expressed.training else ["Y"],
        **attributes,
    )
    graph = helper.make_graph(
        [node], "batch_normalization", _declared(expressed.inputs), _declared(expressed.outputs)
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version, made.producer_name = _IR_VERSION, "conformance"
    return made


def _declared(arrays: Mapping[str, Array]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, _TYPES[name_of(array.dtype)], array.shape)
        for name, array in arrays.items()
    ]


def tensor(name: str, values: Array) -> onnx.TensorProto:
    """A tensor with its bytes."""
    kind = _TYPES[name_of(values.dtype)]
    return helper.make_tensor(name, kind, values.shape, bits(values), raw=True)


def messages(expressed: Expressed, opset: int) -> dict[str, Message]:
    """The files of a backend test that are messages, by name."""
    found: dict[str, Message] = {"model.onnx": model(expressed, opset)}
    for role, arrays in (("input", expressed.inputs), ("output", expressed.outputs)):
        for place, (name, values) in enumerate(arrays.items()):
            found[f"test_data_set_0/{role}_{place}.pb"] = tensor(name, values)
    return found


def serialized(message: Message) -> bytes:
    """The bytes of a message, always the same."""
    return bytes(message.SerializeToString(deterministic=True))


def require(found: bytes, wanted: Message, name: str) -> None:
    """Refuse bytes that are not those of a message, however they were written.

    Raises:
        ExportError: they say something else, or nothing.
    """
    try:
        same = type(wanted).FromString(found) == wanted
    except DecodeError as error:
        raise ExportError(f"{name} is no message of ONNX: {error}") from error
    if not same:
        raise ExportError(f"{name} is not what {name} of this case is")
