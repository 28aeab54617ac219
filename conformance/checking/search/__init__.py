"""The search beyond the stored cases: calls drawn at random, and the smallest one that fails.

It needs Hypothesis, the optional extra ``fuzz``; nothing else imports this package.
"""

from __future__ import annotations

from conformance.checking.search.search import Found, Probe, Result, Verdict, search
from conformance.checking.search.strategies import inputs
from conformance.checking.search.told import told

__all__ = ["Found", "Probe", "Result", "Verdict", "inputs", "search", "told"]
