"""The dictionary: every known fault, one module per kind."""
