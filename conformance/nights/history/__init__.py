"""Every run that was ever recorded: append-only Parquet files in a folder, queried with DuckDB."""

from __future__ import annotations

from conformance.nights.history.store import Added, History

__all__ = ["Added", "History"]
