"""A case as HDF5 objects: what is put into a file, in which order, and where its values then lie.

Ids of the low-level interface are used throughout: no property of a newer default slips in.  The
bytes are the same in a file that is held in memory and in one on a disk.
"""

from __future__ import annotations

import numpy as np
from h5py import (  # type: ignore[import-untyped]  # h5py has no annotations
    h5a,
    h5d,
    h5g,
    h5p,
    h5s,
    h5t,
)

from conformance.case import Array, Case
from conformance.cases.golden import content, floats
from conformance.errors import ConformanceError, GoldenFileError


def require(case: Case) -> None:
    """Refuse a case that no golden file can hold.

    Raises:
        GoldenFileError: the message names the case and says why.
    """
    try:
        content.require(case)
    except ConformanceError as error:
        raise GoldenFileError(f"case {case.id!r} cannot be written: {error}") from error


def begin(root: h5g.GroupID, about: str, *, schema: str = content.SCHEMA) -> None:
    """Say in a new file what it is; `about` is the purpose of its family."""
    said = {"about": about, "generator": content.GENERATOR, "schema": schema}
    for name, text in said.items():
        put_attribute(root, name, text)


def group(parent: h5g.GroupID, name: str) -> h5g.GroupID:
    """A new group; of an id that has its family before it, the rest is the name."""
    return h5g.create(parent, name.rpartition("/")[2].encode())


def put(root: h5g.GroupID, case: Case) -> dict[str, int]:
    """Put a case behind those that are there; gives where each of its datasets begins."""
    place = group(root, case.id)
    said = {**content.attributes(case), "sha256": content.digest(case)}
    for name, value in sorted(said.items()):
        put_attribute(place, name, value)
    group(place, "expected")
    arrays = sorted(content.arrays(case).items())
    # An empty dataset lies nowhere.
    return {name: put_dataset(place, name, array).get_offset() or 0 for name, array in arrays}


def put_attribute(owner: h5g.GroupID, name: str, value: content.Attribute) -> None:
    """Give an object an attribute."""
    kind, shape, data = content.encode(value)
    if isinstance(value, str):
        # HDF5 has no string of length 0; padding with NUL gives the same text back.
        stored, array = h5t.C_S1.copy(), np.array(data, f"S{max(1, len(data))}")
        stored.set_size(array.dtype.itemsize)
        stored.set_cset(h5t.CSET_UTF8)
        stored.set_strpad(h5t.STR_NULLPAD)
    else:
        stored = {"float64": h5t.IEEE_F64LE, "int64": h5t.STD_I64LE}[kind]
        array = np.frombuffer(data, f"<{kind[0]}8").reshape(shape)
    space = h5s.create_simple(shape) if shape else h5s.create(h5s.SCALAR)
    h5a.create(owner, name.encode(), stored, space).write(array, stored)


def put_dataset(owner: h5g.GroupID, name: str, array: Array) -> h5d.DatasetID:
    """Put an array into a group, without filters and in one piece."""
    plan = h5p.create(h5p.DATASET_CREATE)
    plan.set_layout(h5d.CONTIGUOUS)
    plan.set_obj_track_times(False)
    stored = floats.STORED[str(array.dtype)]
    made = h5d.create(owner, name.encode(), stored, h5s.create_simple(array.shape), plan)
    if array.size:
        made.write(h5s.ALL, h5s.ALL, floats.bits(array), stored)
    return made
