"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "8d8b207752602176963c4847c7d2bc13e80802c19d21b92e03a74f3c3842b7bb"
