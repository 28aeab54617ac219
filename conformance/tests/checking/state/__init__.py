"""Tests of what is asked to see what a kernel carries from call to call."""
