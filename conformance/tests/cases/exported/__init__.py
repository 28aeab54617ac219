"""Tests of exported cases."""
