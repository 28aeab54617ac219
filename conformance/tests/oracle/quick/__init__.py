"""Tests of `conformance.oracle.quick`: the same bits as the integers, with proven bounds."""
