"""Cases for whoever has no reader of HDF5: raw arrays, npz, safetensors, JSON, ONNX tests.

``docs/export.md`` describes the formats.  Each holds the whole case with its bounds, and what is
read from it must have the digest of the case that was written.
"""
