"""The kinds of documents that are read, and how large one of each may be.

A kind is named as its schema is: ``schemas/<kind>.json``.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.errors import (
    ConformanceError,
    ExpectationError,
    ExportError,
    HistoryError,
    MessageError,
    RecipeError,
    RecordError,
)

_MB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a document of one kind may be at most.

    Attributes:
        noun: What an error calls it.
        again: What to do if it cannot be used, as a sentence.
        error: What is raised.
        size: How many bytes.
        items: How many entries, over all of its objects and lists.
        depth: How many objects and lists lie in one another.
        text: How many characters a text has.
    """

    noun: str
    again: str
    error: type[ConformanceError]
    size: int
    items: int
    depth: int = 16
    text: int = 1 << 16


KINDS = {
    # A record of 443 cases has 1.3 MB and 50 000 items; with every worker's last words, 2.2 MB.
    "run-record": Kind(
        noun="run record",
        again="Write it again with: conformance run",
        error=RecordError,
        size=16 * _MB,
        items=1_000_000,
    ),
    "statement": Kind(
        noun="statement",
        again="Write one with: conformance check KERNEL --statement FILE",
        error=RecordError,
        size=4 * _MB,
        items=100_000,
    ),
    "power": Kind(
        noun="power.json",
        again="Write it with: conformance power --out DIR",
        error=RecordError,
        size=16 * _MB,
        items=1_000_000,
    ),
    # The header of what a worker answers: a question says how much of this it may be.
    "worker-message": Kind(
        noun="answer",
        again="Nothing but the suite's own code may write to the worker's pipe",
        error=MessageError,
        size=16 * _MB,
        items=1_000_000,
        depth=8,
        text=4 * _MB,
    ),
    # A path that fails everywhere has 4 000 outputs of 40 bytes.
    "known-sizes": Kind(
        noun="list of how known failures fail",
        again="Write it with: conformance expectations ADAPTER --record",
        error=ExpectationError,
        size=8 * _MB,
        items=200_000,
        depth=8,
    ),
    # The text of a case has 4 kB; its list of sources is what may be long.
    "exported-case": Kind(
        noun="exported case",
        again="Write it again with: conformance export",
        error=ExportError,
        size=1 * _MB,
        items=10_000,
        depth=8,
    ),
    # The largest group of the catalogue has 27 MB and 1.4 million values.
    "exported-group": Kind(
        noun="exported group",
        again="Write it again with: conformance export",
        error=ExportError,
        size=512 * _MB,
        items=32_000_000,
        depth=8,
    ),
    "outcomes": Kind(
        noun="list of how the environments ended",
        again="Write it again with: ci/nightly.py",
        error=HistoryError,
        size=1 * _MB,
        items=10_000,
    ),
    "recipes": Kind(
        noun="recipe",
        again="See what a recipe may say with: conformance list recipes",
        error=RecipeError,
        size=1 * _MB,
        items=100_000,
        depth=8,
    ),
    # A tensor takes 100 bytes of it, and a large model has 10 000 tensors.
    "safetensors": Kind(
        noun="head of a safetensors file",
        again="Write it again with the library of that name",
        error=RecipeError,
        size=4 * _MB,
        items=400_000,
        depth=4,
    ),
    "raw-arrays": Kind(
        noun="arrays.json",
        again="See docs/fixtures.md for what it says",
        error=RecipeError,
        size=1 * _MB,
        items=1_000,
        depth=6,
    ),
    "outcome": Kind(
        noun="account of how an environment ended",
        again="Write it again with: ci/nightly.py",
        error=HistoryError,
        size=1 * _MB,
        items=100,
    ),
}
"""Every kind of document that is read."""
