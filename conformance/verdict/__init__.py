"""Verdicts: from answers to grades, and the record that a run leaves."""
