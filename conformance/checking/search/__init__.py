"""The search beyond the stored cases: calls drawn at random, and the smallest one that fails.

It needs Hypothesis, the optional extra ``fuzz``; nothing else imports this package.
"""

from __future__ import annotations

from conformance.checking.search.as_python import as_python
from conformance.checking.search.search import Found, Probe, Searched, Verdict, search
from conformance.checking.search.strategies import alike, inputs

__all__ = ["Found", "Probe", "Searched", "Verdict", "alike", "as_python", "inputs", "search"]
