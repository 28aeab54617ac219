"""The catalogues that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "d27c2bcdecf5bdbde77a468b1b1b7aedab2a2e3efdd3b3fa3b5e9a9625d3187e"
DEPLOYED = "e5b18dd1ad08481c6bea9a0d36ae6c3d49ba2cf2c2997c07a81a8e1731c1387b"
