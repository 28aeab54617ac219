"""Honest kernels that nothing was derived from: no bound, no limit and no panel has seen them."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.faults.sheet import Edits
from conformance.tests.faults.further.formulas import FORMS
from conformance.tests.faults.further.moments import MOMENTS
from conformance.tests.faults.further.roots import ROOTS
from conformance.tests.faults.further.sums import SUMS

FURTHER: Mapping[str, Edits] = {**SUMS, **MOMENTS, **ROOTS, **FORMS}
"""Edits of the correct kernel that keep the mathematics, by what they do."""
