"""Tests of the oracle, its proof and its bounds."""
