"""Tests of finding conventions by experiment."""
