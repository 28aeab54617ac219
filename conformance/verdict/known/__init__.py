"""Expectations held against a run: what is new, what is gone, and the file written anew."""
