"""Parts of the package that need more than the base install, and what to do where it is absent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.errors import ExtraError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import, within this context, what the extra called `name` brings.

    Raises:
        ExtraError: something is not installed; the message says how to get it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ExtraError(
            f"this needs {error.name}, which is not installed. "
            f"Install it with: pip install 'batchnorm-conformance[{name}]'"
        ) from error
