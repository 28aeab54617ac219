"""Tests of `conformance.quality`."""
