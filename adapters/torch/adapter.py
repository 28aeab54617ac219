"""PyTorch: the public function, the modules, the native operator, channels last, and Inductor.

Every path runs on the GPU if PyTorch sees one, else on the CPU.  Shapes below are PyTorch's own,
``(N, C, *spatial)``; arrays of any other layout are transposed on the way in and back.  Contiguous
arrays come in the memory format that the path names; any others keep their strides.
"""

from __future__ import annotations

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Dialect

from . import reproduction, stated
from .calling import device
from .compiling import compiled
from .functions import channels_last, functional
from .modules import module
from .operators import native

CHANNELS_FIRST = Dialect(layout="channels_first")

ADAPTER = Adapter(
    name="torch",
    packages=("torch",),
    device=device,
    reproduce=reproduction.program,
    paths=(
        Path(
            name="functional",
            about="torch.nn.functional.batch_norm, contiguous unless the case is not, with "
            "torch.autograd.grad",
            run=functional,
            defaults=stated.of_function,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="module",
            about="torch.nn.BatchNorm1d/2d/3d, with torch.autograd.grad",
            run=module,
            defaults=stated.of_module,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="native",
            about="torch.ops.aten.native_batch_norm and native_batch_norm_backward, contiguous "
            "unless the case is not",
            run=native,
            defaults=stated.of_operator,
            dialect=CHANNELS_FIRST,
        ),
        Path(
            name="channels_last",
            about="torch.nn.functional.batch_norm in memory format channels_last(_3d)",
            run=channels_last,
            defaults=stated.of_function,
            dialect=Dialect(layout="channels_last"),
            capabilities=Capabilities(ranks=frozenset({4, 5})),
        ),
        Path(
            name="compile",
            about="torch.compile(torch.nn.functional.batch_norm), Inductor, static shapes",
            run=compiled,
            defaults=stated.of_function,
            dialect=CHANNELS_FIRST,
            sample=("spatial/*", "offset/*", "memory/*"),
            sample_reason="1 to 2 s of compilation per case",
        ),
    ),
)
