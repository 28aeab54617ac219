"""Tests of `conformance.oracle.sequential`."""
