"""Tests of `conformance.report.bugs`."""
