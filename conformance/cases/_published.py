"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "76a99b97bedb5d744dcc3676b28c0b25a6f6911746e96beb31eb2cec4b470154"
