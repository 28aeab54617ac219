"""The public function, compiled; and where Inductor keeps what it compiles."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from typing import Any

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from .functions import functional


def own_cache() -> str:
    """Where Inductor keeps what it compiles for the instructions that PyTorch may use here.

    Its cache knows nothing of ``ATEN_CPU_CAPABILITY``: what was made for AVX-512 is taken where
    that is limited, and gives other numbers or does not compile.
    """
    user, instructions = getattr(os, "getuid", int)(), torch.backends.cpu.get_cpu_capability()
    named = os.environ.get("TORCHINDUCTOR_CACHE_DIR")
    if named is None:
        return f"{tempfile.gettempdir()}{os.sep}torchinductor_{user}_{instructions}"
    # Below the place that is named, since a worker may write in that one and not beside it.
    return named if named.endswith(instructions) else f"{named}{os.sep}{instructions}"


# At once: Inductor itself sets it where nobody did, as soon as anything is compiled.
os.environ["TORCHINDUCTOR_CACHE_DIR"] = own_cache()


@cache
def is_compiled() -> bool:
    """Whether this release compiles the function: torch 2.9 runs it as it is and says nothing.

    Torch 2.6 refuses it by an AssertionError, which is a finding and leaves from here.
    """
    seen: list[Any] = []

    def backend(graph: Any, examples: object) -> Any:
        del examples
        seen.append(graph)
        return graph.forward

    made = torch.compile(F.batch_norm, backend=backend, fullgraph=True, dynamic=False)
    made(torch.ones(2, 1), None, None, training=True)
    return bool(seen)


def compiled(inputs: Inputs, backend: str = "inductor") -> Actual:
    """Run `functional` with the function compiled for this very signature."""
    # Dynamo keeps every compilation of a function, and past its limit of them it would quietly
    # run the function uncompiled; `fullgraph` makes it say so wherever it cannot compile.
    # One of PyTorch's own it may run uncompiled in spite of that: hence the trial.
    if not is_compiled():
        raise Unsupported("this release runs the function uncompiled, and says nothing")
    torch.compiler.reset()
    made = torch.compile(F.batch_norm, backend=backend, fullgraph=True, dynamic=False)
    return functional(inputs, batch_norm=made)
