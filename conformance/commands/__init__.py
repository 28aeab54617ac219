"""The commands of ``conformance``, one file each: a parser and a function that runs it."""
