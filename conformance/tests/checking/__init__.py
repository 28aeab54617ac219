"""Tests of the check of one kernel."""
