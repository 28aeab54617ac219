"""The harness: whatever is run, in a process of its own."""
