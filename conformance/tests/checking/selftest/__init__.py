"""Tests of telling a wrong adapter from a wrong framework."""
