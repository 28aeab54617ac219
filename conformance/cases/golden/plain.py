"""Reading HDF5 objects, and refusing those that are not plain data.

A hostile file can read other files through external storage or links, return zeros for
missing virtual sources, or grow without bound through fill values and filters.  So an object
is looked at before it is opened, and opened before it is read.  Messages name the object;
`conformance.cases.golden.hdf5` adds the file, the case and what to do.
"""

from __future__ import annotations

import math

import numpy as np
from h5py import (  # type: ignore[import-untyped]  # h5py has no annotations
    h5a,
    h5d,
    h5g,
    h5l,
    h5o,
    h5s,
    h5t,
)

from conformance.case import Array
from conformance.cases.golden import floats
from conformance.cases.golden.content import CAP, Attribute
from conformance.errors import GoldenFileError
from conformance.float_types import dtype_of

RANK = 6  # history stacks batches of rank 5
MEMBERS = 32  # more than any case has; a bound before names are listed
LONGEST = 2**16  # an attribute cannot be longer in the oldest file layout


def members(group: h5g.GroupID) -> set[str]:
    """Names of the objects in `group`."""
    if group.get_num_objs() > MEMBERS:
        raise GoldenFileError(
            f"a group has {group.get_num_objs()} members, at most {MEMBERS} were wanted"
        )
    return {name.decode("utf-8", "replace") for name in group}


def open_group(parent: h5g.GroupID, name: str) -> h5g.GroupID:
    """The group `name` in `parent`."""
    found = _open(parent, name)
    if not isinstance(found, h5g.GroupID):
        raise GoldenFileError(f"{name!r} is a {type(found).__name__}, a group was wanted")
    return found


def read_dataset(parent: h5g.GroupID, name: str) -> Array:
    """The values of the dataset `name` in `parent`; read-only, in their own type."""
    found = _open(parent, name)
    if not isinstance(found, h5d.DatasetID):
        raise GoldenFileError(f"{name!r} is a {type(found).__name__}, a dataset was wanted")
    kind = floats.name_of(found.get_type())
    if kind is None:
        raise GoldenFileError(
            f"dataset {name!r} holds {_describe(found.get_type())}, one of "
            f"{', '.join(floats.STORED)} (little-endian) was wanted"
        )
    space = found.get_space()
    shape = _shape(name, space)
    dtype = dtype_of(kind)
    _check_storage(name, found, math.prod(shape) * dtype.itemsize)
    array = np.empty(shape, dtype)
    if array.size:
        found.read(h5s.ALL, h5s.ALL, floats.bits(array), floats.STORED[kind])
    array.flags.writeable = False
    return array


def read_attribute(owner: h5g.GroupID, name: str, wanted: type) -> Attribute:
    """The attribute `name`: a string, a float, or a tuple of integers, as `wanted` says."""
    if not h5a.exists(owner, name.encode()):
        raise GoldenFileError(f"attribute {name!r} is absent, a {wanted.__name__} was wanted")
    found = h5a.open(owner, name.encode())
    kind, shape = found.get_type(), found.shape
    if wanted is str and _is_text(kind) and shape == ():
        text = np.empty((), f"S{kind.get_size()}")
        found.read(text, kind)
        return text.tobytes().rstrip(b"\0").decode()
    if wanted is float and kind == h5t.IEEE_F64LE and shape == ():
        number = np.empty((), "<f8")
        found.read(number, kind)
        return float(number)
    if wanted is tuple and kind == h5t.STD_I64LE and len(shape) == 1 and 1 <= shape[0] <= RANK:
        numbers = np.empty(shape, "<i8")
        found.read(numbers, kind)
        return tuple(numbers.tolist())
    raise GoldenFileError(
        f"attribute {name!r} holds {_describe(kind)} of shape {shape}, a {wanted.__name__} "
        "(fixed-length UTF-8, float64 or int64 array) was wanted"
    )


def _open(parent: h5g.GroupID, name: str) -> h5o.ObjectID:
    if not parent.links.exists(name.encode()):
        raise GoldenFileError(f"{name!r} is absent")
    link = parent.links.get_info(name.encode()).type
    if link != h5l.TYPE_HARD:
        kinds = {h5l.TYPE_SOFT: "a soft", h5l.TYPE_EXTERNAL: "an external"}
        raise GoldenFileError(
            f"{name!r} is {kinds.get(link, 'a foreign')} link, no link was wanted"
        )
    return h5o.open(parent, name.encode())


def _shape(name: str, space: h5s.SpaceID) -> tuple[int, ...]:
    if space.get_simple_extent_type() != h5s.SIMPLE or space.get_simple_extent_ndims() > RANK:
        raise GoldenFileError(f"dataset {name!r} is no array of at most {RANK} axes")
    shape: tuple[int, ...] = space.get_simple_extent_dims()
    if space.get_simple_extent_dims(True) != shape:  # noqa: FBT003 - h5py takes no keyword
        raise GoldenFileError(f"dataset {name!r} can be resized, a fixed shape was wanted")
    return shape


def _check_storage(name: str, found: h5d.DatasetID, size: int) -> None:
    plan = found.get_create_plist()
    layouts = {h5d.COMPACT: "compact", h5d.CHUNKED: "chunked", h5d.VIRTUAL: "virtual"}
    if plan.get_layout() != h5d.CONTIGUOUS:
        kind = layouts.get(plan.get_layout(), "of unknown layout")
        raise GoldenFileError(f"dataset {name!r} is {kind}, contiguous was wanted")
    if plan.get_nfilters():
        raise GoldenFileError(f"dataset {name!r} has {plan.get_nfilters()} filters, none wanted")
    if plan.get_external_count():
        raise GoldenFileError(f"dataset {name!r} lies in external files, none were wanted")
    if size > CAP:
        raise GoldenFileError(f"dataset {name!r} has {size} bytes, at most {CAP} were wanted")
    if found.get_storage_size() != size:
        raise GoldenFileError(
            f"dataset {name!r} stores {found.get_storage_size()} bytes, {size} were wanted"
        )


def _is_text(kind: h5t.TypeID) -> bool:
    return (
        isinstance(kind, h5t.TypeStringID)
        and not kind.is_variable_str()
        and kind.get_cset() == h5t.CSET_UTF8
        and kind.get_size() <= LONGEST
    )


def _describe(kind: h5t.TypeID) -> str:
    order = "big-endian " if getattr(kind, "get_order", int)() == h5t.ORDER_BE else ""
    return f"{order}{type(kind).__name__.removeprefix('Type').removesuffix('ID').lower()}"
