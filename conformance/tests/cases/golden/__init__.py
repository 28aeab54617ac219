"""Tests of the golden files: what is written is read back, and nothing else is read."""
