"""Tests of deployed blocks: exact results, proof and bounds."""
