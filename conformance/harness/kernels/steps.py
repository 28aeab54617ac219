"""What one step of a sequence on one instance is: words that both sides of the pipe know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from conformance.case import Actual, Inputs

CALL = "call"
FORWARD = "forward-only"
NO_GRAD = "without-gradients"
UNHOOKED = "hooks-off"
FROZEN = "frozen-parameters"
LOAD, ASSIGN, REPLACE = "load-state", "assign-in-place", "replace-parameters"
DEEPCOPY, PICKLE, CLONE, ORIGINAL = "deepcopy", "pickle", "clone", "original"
ACCUMULATE = "accumulate"
INTERLEAVED = "interleaved"
CHECKPOINT = "checkpoint"
COMPILED = "compiled"
CUMULATIVE = "cumulative-average"

SETTING = frozenset({LOAD, ASSIGN, REPLACE})
"""Steps that give the instance other parameters and running statistics."""

COPYING = frozenset({DEEPCOPY, PICKLE, CLONE})
"""Steps that a copy takes, which stays in the place of the instance."""

Instance: TypeAlias = Callable[[Inputs, str], Actual]
"""One instance: from the inputs of a step and its word to what came of it, the state included."""
