"""Tests of `conformance.verdict.known`."""
