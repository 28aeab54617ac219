"""Tests of `conformance.expecting`."""
