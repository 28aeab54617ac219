"""Tests of the measurement of detection power."""
