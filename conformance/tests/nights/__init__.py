"""Tests of `conformance.nights`."""
