"""Tests of `conformance.nights.bisect`."""
