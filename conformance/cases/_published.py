"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "592cb8e53cd93be6808e091ccb6dc306d14f1d2817f817e9cc7cd3addd881f66"
