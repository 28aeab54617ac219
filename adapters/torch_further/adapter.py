"""PyTorch beyond its usual calls: compilers, transforms, exported programs and further operators.

Calls, layouts and refusals are those of the column of PyTorch itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from conformance.adapter import HALVES, Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from ..torch import stated
from ..torch.calling import device
from ..torch.compiling import compiled
from . import compiling, exported, onednn, operators, reproduction, transforms

FUNCTION = "torch.nn.functional.batch_norm"


def _path(
    name: str,
    about: str,
    run: Callable[[Inputs], Actual],
    defaults: Callable[[], Mapping[str, object]] = stated.of_function,
    **more: Any,
) -> Path:
    dialect = Dialect(layout="channels_first")
    return Path(name=name, about=about, run=run, defaults=defaults, dialect=dialect, **more)


TRACED: dict[str, Any] = {
    "sample": ("spatial/*", "memory/*", "empty/*", "half/*"),
    "sample_reason": "a third of a second of tracing per case",
}
GENERATED: dict[str, Any] = {
    "sample": (
        "spatial/train-nchw-*",
        "spatial/test-nchw-float32",
        "offset/columns-float16-params-float32-1000",
        "empty/train-*",
    ),
    "sample_reason": "2 to 10 s of compilation per case",
}
ONEDNN: dict[str, Any] = {
    "probes": onednn.PROBES,
    "capabilities": Capabilities(
        dtypes=HALVES | {"float32"},
        ranks=frozenset({4, 5}),
        without_gamma=False,
        without_beta=False,
    ),
}

# Beside float32 parameters half-precision x gives a float32 y, and with running statistics raises.
VMAPPED: dict[str, Any] = {"capabilities": Capabilities(mixed=frozenset())}

ADAPTER = Adapter(
    name="torch_further",
    packages=("torch",),
    device=device,
    reproduce=reproduction.program,
    paths=(
        _path(
            "aot_eager",
            f'torch.compile({FUNCTION}, backend="aot_eager"), static shapes',
            partial(compiled, backend="aot_eager"),
            **TRACED,
        ),
        _path(
            "aot_decomposed",
            f'torch.compile({FUNCTION}, backend="aot_eager_decomp_partition"), static shapes',
            partial(compiled, backend="aot_eager_decomp_partition"),
            **TRACED,
        ),
        _path(
            "compile_dynamic",
            f"torch.compile({FUNCTION}, dynamic=True), Inductor, after a batch of another size",
            compiling.dynamic,
            **GENERATED,
        ),
        _path(
            "decomposition",
            "torch._decomp.decomposition_table of aten.native_batch_norm and its backward, eager",
            operators.decomposition,
            partial(stated.of_operator, "native_batch_norm"),
        ),
        _path(
            "with_update",
            "torch.ops.aten._batch_norm_with_update, _batch_norm_no_update and batch_norm_backward",
            operators.with_update,
            partial(stated.of_operator, "_batch_norm_with_update"),
            capabilities=Capabilities(without_gamma=False, without_running=False),
        ),
        _path("vjp", f"torch.func.vjp of {FUNCTION}", transforms.vjp),
        _path(
            "vmap",
            f"torch.func.vmap of torch.func.vjp of {FUNCTION}: two calls at once",
            transforms.vmap,
            **VMAPPED,
        ),
        _path(
            "vmap_shared",
            f"torch.func.vmap(chunk_size=2) of torch.func.vjp of {FUNCTION}: three calls, "
            "parameters in common",
            transforms.vmap_shared,
            **VMAPPED,
        ),
        _path(
            "export",
            "torch.export.export(torch.nn.BatchNorm1d/2d/3d).module(), with torch.autograd.grad",
            exported.export,
            stated.of_module,
        ),
        _path(
            "export_core",
            "torch.export.export(torch.nn.BatchNorm1d/2d/3d).run_decompositions().module()",
            exported.export_core,
            stated.of_module,
            **TRACED,
        ),
        _path("script", f"torch.jit.script({FUNCTION}), with torch.autograd.grad", exported.script),
        _path("trace", f"torch.jit.trace of {FUNCTION}, with torch.autograd.grad", exported.trace),
        _path(
            "mkldnn",
            f"{FUNCTION} of x.to_mkldnn(), with torch.autograd.grad",
            onednn.mkldnn,
            **ONEDNN,
        ),
        _path(
            "mkldnn_native",
            "torch.ops.aten.native_batch_norm and native_batch_norm_backward of x.to_mkldnn()",
            onednn.native,
            stated.of_operator,
            **ONEDNN,
        ),
    ),
)
