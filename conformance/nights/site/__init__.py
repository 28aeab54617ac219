"""A site of static pages out of a history: what every path does, did, and why."""

from __future__ import annotations
