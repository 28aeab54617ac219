"""Tests of the deployed catalogue."""
