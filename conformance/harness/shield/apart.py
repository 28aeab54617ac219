"""Folders of answers that a user names: they can be hidden only where they hold nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from conformance import places
from conformance.errors import InputError

_MOVE = "Give golden files a folder of their own, which holds and lies in nothing of a kernel's."


def require_apart(
    hidden: Iterable[Path], *, needed: Iterable[Path] = (), writable: Iterable[Path] = ()
) -> None:
    """Refuse folders that cannot be hidden from a worker without taking what it needs.

    Args:
        hidden: Folders of answers.
        needed: What the worker reads, beside Python, the package and what it may write.
        writable: Folders in which it may write, and so read.

    Raises:
        InputError: a folder holds what the worker needs, or lies where it may write.
    """
    reads = [Path(sys.prefix), Path(sys.base_prefix), Path(places.__file__).parent]
    writes = [folder.resolve() for folder in writable]
    for folder in (each.resolve() for each in hidden):
        for path in (*(each.resolve() for each in (*reads, *needed)), *writes):
            if path.is_relative_to(folder):
                raise InputError(
                    f"the golden files lie in {folder}, which is hidden from what is tested, and "
                    f"that needs {path}. {_MOVE}"
                )
        for place in writes:
            if folder.is_relative_to(place):
                raise InputError(
                    f"the golden files lie in {folder}, in {place}, which whatever is tested may "
                    f"read and write. {_MOVE}"
                )
