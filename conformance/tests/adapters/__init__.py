"""Tests of the adapters; those of a framework that is not installed are skipped."""
