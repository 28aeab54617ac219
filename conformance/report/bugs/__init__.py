"""A failure as a bug report that the maintainers of a framework can use as it is."""
