"""Whether an adapter is right, asked before its framework is held to anything.

A path is asked a few ordinary calls.  What comes back is explained by what an adapter can get
wrong: an argument that is not handed over, axes, types, modes, names, conventions.  What no such
mistake explains is a doubt, which may be the framework's.
"""

from conformance.checking.selftest.examine import Ask, examine
from conformance.checking.selftest.outcome import Finding, Outcome

__all__ = ["Ask", "Finding", "Outcome", "examine"]
