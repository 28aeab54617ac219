"""A difference as JSON, as ``schemas/diff.json`` describes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from conformance.nights.diff.attribution import Attribution
from conformance.nights.diff.changes import Difference
from conformance.verdict.record_file import encode

SCHEMA = "conformance/diff/1"


def as_json(difference: Difference, attributions: Iterable[Attribution] = ()) -> str:
    """The difference with every change, and by whose doing the columns got worse."""
    counts = Counter(change.kind.value for change in difference.changes)
    payload = {
        "schema": SCHEMA,
        "old": difference.old,
        "new": difference.new,
        "worse": difference.worse,
        "compared": difference.compared,
        "since": dict(difference.since),
        "counts": dict(counts),
        "changes": [{**asdict(c), "factor": c.factor} for c in difference.changes],
        "circumstances": [asdict(c) for c in difference.circumstances],
        "attributions": [asdict(a) for a in attributions],
    }
    return json.dumps(encode(payload), indent=1, allow_nan=False) + "\n"
