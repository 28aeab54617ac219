"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "d27c2bcdecf5bdbde77a468b1b1b7aedab2a2e3efdd3b3fa3b5e9a9625d3187e"
