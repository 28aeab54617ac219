"""Conformance tests for batch normalization: exact expected values, derived bounds, diagnosis."""

__version__ = "0.1.0"
