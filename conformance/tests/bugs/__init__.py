"""Tests of `conformance.bugs`."""
