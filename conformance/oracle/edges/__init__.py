"""Edges: inputs at which honest implementations differ, each with a contract of its own."""

from conformance.oracle.edges.contracts import (
    EDGES,
    READ_ONLY,
    RECOMPUTATION,
    Edges,
    in_words,
    listed,
)

__all__ = ["EDGES", "READ_ONLY", "RECOMPUTATION", "Edges", "in_words", "listed"]
