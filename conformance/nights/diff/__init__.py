"""What changed between two runs, and by whose doing."""

from __future__ import annotations
