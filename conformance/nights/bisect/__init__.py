"""Since which release of a framework an output is wrong, and from which on it is right again."""
