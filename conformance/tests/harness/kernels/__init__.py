"""Tests of how a kernel is found, recognised and called."""
