"""Which cases exist, and why."""
