"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "c8892fcfb23d3c317b69797f31cc22aad582dcb33cc1f0ccc73296218566613a"
