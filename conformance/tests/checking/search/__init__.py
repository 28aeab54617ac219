"""Tests of the search beyond the stored cases."""
