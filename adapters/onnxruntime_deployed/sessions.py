"""Sessions of ONNX Runtime at a level of optimization, and of the model that one has written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import onnxruntime as ort  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from conformance.case import Array
from conformance.errors import Unsupported

LEVELS = {
    "off": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}
"""Names of paths, and what the runtime calls the level."""

REFUSALS = ("Could not find an implementation for", "Failed to find kernel for")
"""ONNX Runtime's own words where it has no kernel for the types of a node."""


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the refusals that are known into `Unsupported`; every other error is a finding."""
    try:
        yield
    except Exception as error:
        if any(words in str(error) for words in REFUSALS):
            raise Unsupported(str(error)) from error
        raise


def answer(model: onnx.ModelProto, given: Mapping[str, Array], level: str) -> Array:
    """What a model gives at a level of optimization."""
    return _run(model.SerializeToString(), given, _options(level))


def written(model: onnx.ModelProto, level: str) -> onnx.ModelProto:
    """The model that the runtime writes after the optimizations of a level."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "optimized.onnx"
        options = _options(level)
        options.optimized_model_filepath = str(file)
        with refusals():
            _session(model.SerializeToString(), options)
        return onnx.load(file)


def _options(level: str) -> Any:
    options = ort.SessionOptions()
    options.graph_optimization_level = getattr(ort.GraphOptimizationLevel, LEVELS[level])
    options.log_severity_level = 4  # what goes wrong is raised as well
    options.intra_op_num_threads = 1
    return options


def _session(model: bytes, options: Any) -> Any:
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run(model: bytes, given: Mapping[str, Array], options: Any) -> Array:
    with refusals():
        found: Array = _session(model, options).run(None, dict(given))[0]
    return found
