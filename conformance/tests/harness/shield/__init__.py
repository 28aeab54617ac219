"""Tests of the shield, each with a kernel that attacks in a real worker."""
