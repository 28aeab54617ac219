"""Steps on one instance, as a worker takes them: exceptions become a status with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.adapter import Path
from conformance.case import Actual, Array, Inputs, Kernel
from conformance.errors import AdapterError


def steps(
    path: Path,
    calls: Sequence[Inputs],
    header: Mapping[str, Any],
    run: Callable[[Path, Inputs, Kernel], tuple[dict[str, Any], dict[str, Array]]],
) -> Callable[[Inputs], tuple[dict[str, Any], dict[str, Array]]]:
    """What takes one step after the other; after one that raises the instance goes on.

    Raises:
        AdapterError: the path has no instances.
    """
    if path.live is None:
        raise AdapterError(f"path {path.name!r} has no instances, one for many calls was wanted")
    words = iter(header["steps"])
    made: list[Callable[[Inputs, str], Actual]] = []

    def take(inputs: Inputs) -> tuple[dict[str, Any], dict[str, Array]]:
        word = next(words)

        def step(call: Inputs) -> Actual:
            if not made:
                assert path.live is not None  # noqa: S101 - seen above
                made.append(path.live(calls[0]))
            return made[0](call, word)

        return run(path, inputs, step)

    return take
