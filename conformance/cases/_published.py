"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "7a8c0facbe7787e4bec87920f6de6564e492c0db769d5bc53e288fd5b4e750c2"
