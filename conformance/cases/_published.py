"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "cf3bd5896ca36834c3d7d48ef79c7ecef56e58c1e3779cb9a76051329a827617"
