"""A researcher's kernel: finding it, recognising what it is, calling it."""
