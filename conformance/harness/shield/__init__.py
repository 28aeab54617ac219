"""The shield: what stands between a kernel and the process that judges it; see docs/trust.md."""
