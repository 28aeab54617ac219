"""Tests of the faults of deployment."""
