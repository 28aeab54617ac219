"""Golden files: cases with their expected values, as HDF5 that a stranger can check.

``fixtures/README.md`` describes the format.  The files are plain data, and reading refuses
whatever is not; nothing but `write` makes one.
"""

from conformance.golden.content import SCHEMA
from conformance.golden.listing import Entry, Manifest, manifest, select
from conformance.golden.reading import load, load_matching
from conformance.golden.writing import write

__all__ = ["SCHEMA", "Entry", "Manifest", "load", "load_matching", "manifest", "select", "write"]
