"""Tests of `conformance.cases`."""
