"""Tests of conformance.capture; those of each framework lie with its adapter."""
