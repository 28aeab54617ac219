"""The environment variable that the paths differ in."""

ONEDNN = "MXNET_MKLDNN_ENABLED"
"""Whether oneDNN's kernels are taken where there are any; read once in a process."""
