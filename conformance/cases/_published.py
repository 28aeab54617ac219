"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "f32085d5526e0949a53aef810a49165ea8f767bf3a711869d1361e702957a997"
