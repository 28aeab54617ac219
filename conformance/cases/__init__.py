"""The cases: which there are and why, how they are stored, and parts that run by themselves."""
