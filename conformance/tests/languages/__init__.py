"""Tests of the judges in other languages: `docs/languages`."""
