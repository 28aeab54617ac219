"""Tests of golden files of one's own."""
