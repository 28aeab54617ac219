"""Which conventions a kernel follows, found by experiment before anything is called wrong."""

from conformance.checking.doctor.examine import dialect, examine
from conformance.checking.doctor.finding import CONVENTIONS, Ask, Finding

__all__ = ["CONVENTIONS", "Ask", "Finding", "dialect", "examine"]
