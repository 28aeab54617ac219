"""Tests of the ONNX backend tests."""
