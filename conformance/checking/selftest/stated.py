"""Mistakes in what an adapter tells of its framework's defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.case import Dialect
from conformance.checking.conventions.stated import weighted
from conformance.checking.selftest.outcome import Finding
from conformance.harness.answer import Answer

_HOOK = "Look at Path.defaults"


def mistakes(told: Mapping[str, Any] | Answer, dialect: Dialect) -> Iterator[Finding]:
    """What is wrong with the defaults of a path, or with its declaration beside them.

    Args:
        told: What the path tells; why it does not.
        dialect: What it declares.
    """
    if isinstance(told, Answer):
        yield Finding(name="defaults not told", seen=f"{told.status}: {told.reason}", look=_HOOK)
        return
    momentum = weighted(told)
    if momentum is None or momentum.found == dialect.momentum:
        return
    if momentum.found is None:
        yield Finding(name="weight of no default", seen=momentum.seen, look=_HOOK)
        return
    yield Finding(
        name="momentum declared the other way",
        seen=momentum.seen,
        look=f'Dialect(momentum="{dialect.momentum}") is declared: declare '
        f'Dialect(momentum="{momentum.found}"), or look at what Path.defaults calls',
    )
