"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "60719deebfce0b5536ad7ffb68dc31bcb9787cea0db62ba68e6b54da55ab41eb"
