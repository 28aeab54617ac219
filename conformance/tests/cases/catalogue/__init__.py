"""Tests of the catalogue: its inputs are made rightly, and they cover what they promise."""
