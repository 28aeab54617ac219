"""PyTorch's ways to deploy a model: folding, freezing, exporting and compiling a block.

Each path makes the block as modules, in eval mode, and deploys it; what comes back is what the
deployed model gives.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from ..torch.calling import device
from . import ways
from .ways import Way

ALL = frozenset(
    {
        "norm",
        "linear",
        "conv",
        "conv_transpose",
        "norm before linear",
        "norm before conv",
        "norm before conv_transpose",
    }
)


def _path(name: str, about: str, way: Way, *, blocks: frozenset[str] = ALL, **more: Any) -> Path:
    return Path(
        name=name,
        about=about,
        run=partial(ways.run, way=way),
        dialect=Dialect(layout="channels_first"),
        capabilities=Capabilities(
            training=False, without_gamma=False, without_beta=False, blocks=blocks
        ),
        **more,
    )


COMPILED: dict[str, Any] = {
    "sample": (
        "conv/1x1-float32",
        "conv/3x3-float16",
        "conv/3x3-float32",
        "conv/3x3-float64",
        "conv-transpose/grouped-square",
        "conv-transpose/square",
        "linear/ncf-square",
        "linear/nf-float32",
        "norm-first/padded-float32",
        "ranges/*",
        "shared/conv-float32",
        "sums/residual-float32",
    ),
    "sample_reason": "5 to 15 s of compilation per case",
}

FOLDED = frozenset({"linear", "conv", "conv_transpose"})

ADAPTER = Adapter(
    name="torch_deployed",
    packages=("torch",),
    device=device,
    paths=(
        _path("eager", "the module in eval mode, nothing folded", ways.eager),
        _path("freeze", "torch.jit.freeze(torch.jit.trace(model, x))", ways.frozen),
        _path("freeze_saved", "the same, saved and loaded", ways.saved),
        _path(
            "optimize_for_inference",
            "torch.jit.optimize_for_inference(torch.jit.trace(model, x))",
            ways.optimized,
        ),
        _path(
            "fuse_eval",
            "torch.nn.utils.fusion.fuse_conv_bn_eval and fuse_linear_bn_eval",
            ways.functions,
            blocks=FOLDED,
        ),
        _path("fx_fuse", "torch.fx.experimental.optimization.fuse(model)", ways.symbolic),
        _path(
            "fuse_modules",
            'torch.ao.quantization.fuse_modules(model, [["op", "norm"]])',
            ways.modules,
            blocks=FOLDED,
        ),
        _path("export", "torch.export.export(model, (x,)).module()", ways.exported),
        _path(
            "export_core",
            "torch.export.export(model, (x,)).run_decompositions().module()",
            ways.decomposed,
        ),
        _path("export_saved", "torch.export.save and load", ways.reloaded),
        _path(
            "inductor_freezing",
            "torch.compile(model) with torch._inductor.config.freezing",
            ways.inductor,
            **COMPILED,
        ),
    ),
)
