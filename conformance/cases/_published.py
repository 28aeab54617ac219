"""The catalogues that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "d27c2bcdecf5bdbde77a468b1b1b7aedab2a2e3efdd3b3fa3b5e9a9625d3187e"
DEPLOYED = "df1a7c3c5686d49afc8fb0f058a026388f1993bd03d1ef18cbd8fb4de4b09b0b"
