"""Golden files: cases with their expected values, as HDF5 that a stranger can check.

``fixtures/README.md`` describes the format.  The files are plain data, and reading refuses
whatever is not; nothing but `conformance.cases.golden.writing` makes one.
"""

from conformance.cases.golden.content import SCHEMA
from conformance.cases.golden.listing import CaseEntry, Manifest, manifest, select
from conformance.cases.golden.reading import load, load_matching, shapes

__all__ = [
    "SCHEMA",
    "CaseEntry",
    "Manifest",
    "load",
    "load_matching",
    "manifest",
    "select",
    "shapes",
]
