"""The tests of the package and of its adapters; in the wheel, for an installed copy."""
