"""Tests of finding the conventions of an adapter's paths."""
