"""Tests of `conformance.harness`."""
