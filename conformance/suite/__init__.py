"""The pytest side: one test per path, case and output."""
