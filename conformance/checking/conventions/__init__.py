"""Which conventions a path of an adapter follows, by a few calls beside the cases.

Nothing here decides a verdict.  A question that is refused, crashes or comes too late costs the
conventions that it would have shown, which then say so.
"""

from conformance.checking.conventions.measuring import MOST, measure

__all__ = ["MOST", "measure"]
