"""The standard shapes, one per layout: small, and the same in all families.

A compiler or a simulator pays per shape and per element, so a family leaves them only where its
subject is the shape.  No size is a multiple of a block.
"""

from __future__ import annotations

from conformance.cases.catalogue.recipe import Recipe

NC = Recipe(shape=(6, 8))
NCL = Recipe(shape=(4, 3, 10))
NCHW = Recipe(shape=(4, 3, 5, 6))
NHWC = Recipe(shape=(4, 5, 6, 3), axis=3)
NCDHW = Recipe(shape=(2, 3, 2, 5, 4))
NDHWC = Recipe(shape=(2, 5, 4, 2, 3), axis=4)
PER_POSITION = Recipe(shape=(6, 3, 2, 4), axis=(1, 2, 3))
PER_STEP = Recipe(shape=(6, 3, 4), axis=(1, 2))
COLUMNS = Recipe(shape=(64, 3))
