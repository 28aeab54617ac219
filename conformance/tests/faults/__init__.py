"""Faulty kernels written apart from the fault dictionary, and the tests that both must pass."""
