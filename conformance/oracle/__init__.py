"""Exact expected values, their independent proof, and error scales."""
