"""Deployed blocks: the exact result, rounded once, and how far from it one may be."""
