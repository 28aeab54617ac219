"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "40f0179d7a528683a40b924f59da3701442874e616d179c4ea156ac07b25cb59"
