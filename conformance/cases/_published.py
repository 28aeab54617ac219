"""The catalogue that this version is published with; ``conformance generate`` writes this file."""

CATALOGUE = "aec5b62c67ede79f8f5293fed3098c7ba85cd47ab50deb184c70ad868f54bd0c"
