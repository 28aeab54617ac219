"""Exact expected values, their independent proof, and error scales."""

from conformance.oracle.expected import expected
from conformance.oracle.solve import solve

__all__ = ["expected", "solve"]
