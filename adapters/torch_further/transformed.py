"""Calls under function transforms as programs in PyTorch's own terms."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.case import Inputs

from ..torch.reproduction import BATCH_NORM, PARAMETERS, STATISTICS, arguments, name_of


def vjp(inputs: Inputs) -> Iterator[str]:
    """The lines of ``torch.func.vjp``."""
    yield from _differentiated(inputs)
    if inputs.dy is not None:
        yield f"{_gradients(inputs)} = backward(dy)"


def vmap(inputs: Inputs) -> Iterator[str]:
    """The lines of ``torch.func.vmap`` over the call and its mirror image."""
    given = _there(inputs, "x", "dy", *PARAMETERS, *STATISTICS)
    yield from _one(inputs, given)
    yield f"given = [torch.stack([t, t.flip(0)]) for t in ({given},)]"
    yield "found = torch.func.vmap(one)(*given)"
    yield f"{_found(inputs)} = (t[0] for t in found)"
    if inputs.running_mean is not None:
        yield "running_mean, running_var = (t[0] for t in given[-2:])"


def vmap_shared(inputs: Inputs) -> Iterator[str]:
    """The lines of ``torch.func.vmap`` over x and dy between their mirror images."""
    given = _there(inputs, "x", "dy")
    yield from _one(inputs, given)
    yield f"given = [torch.stack([t.flip(0), t, t.flip(0)]) for t in ({given},)]"
    yield "found = torch.func.vmap(one, chunk_size=2)(*given)"
    yield f"{_found(inputs)} = (t[1] for t in found)"


def _one(inputs: Inputs, given: str) -> Iterator[str]:
    yield f"def one({given}):"
    yield from (f"    {line}" for line in _differentiated(inputs))
    yield f"    return y, {'' if inputs.dy is None else '*backward(dy)'}"


def _differentiated(inputs: Inputs) -> Iterator[str]:
    leaves = _there(inputs, "x", *PARAMETERS)
    yield "y, backward = torch.func.vjp("
    yield f"    lambda {leaves}: {BATCH_NORM}({arguments(inputs)}), {leaves}"
    yield ")"


def _found(inputs: Inputs) -> str:
    return "(y,)" if inputs.dy is None else f"y, {_gradients(inputs)}".replace("(dx,)", "dx")


def _gradients(inputs: Inputs) -> str:
    parameters = [f"d{name}" for name in PARAMETERS if name_of(inputs, name) != "None"]
    return ", ".join(["dx", *parameters]) if parameters else "(dx,)"


def _there(inputs: Inputs, *names: str) -> str:
    """Which of these names there are, as arguments."""
    return ", ".join(n for n in names if n == "x" or name_of(inputs, n) != "None")
