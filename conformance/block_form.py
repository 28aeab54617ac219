"""A block as plain facts and arrays, as files and messages hold it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from conformance.block import Array, Block, Kind, Norm, Product
from conformance.errors import InputError
from conformance.printable import value

BLOCK_ARRAYS = (
    "weight",
    "bias",
    "skip",
    "second_gamma",
    "second_beta",
    "second_running_mean",
    "second_running_var",
)
"""Names of the arrays that a block may be given."""

_SECOND = "second_"
_GEOMETRY = ("stride", "padding", "dilation", "output_padding")
_WORDS = ("norm_first", "skip_first", "relu")
_MOST = 1 << 20


def facts(block: Block) -> dict[str, Any]:
    """What a block is beside its arrays, as JSON holds it."""
    found: dict[str, Any] = {name: getattr(block, name) for name in _WORDS}
    product = block.product
    if product is not None:
        found["kind"] = product.kind
        found["groups"] = product.groups
        found |= {name: list(getattr(product, name)) for name in _GEOMETRY}
    return found


def built(told: Mapping[str, Any], arrays: Mapping[str, Array]) -> Block:
    """The block of these facts and arrays; undoes `facts` and `Block.arrays`.

    Raises:
        InputError: the facts are not those of a block.
    """
    known = {*_WORDS, *_GEOMETRY, "kind", "groups"}
    if not set(_WORDS) <= set(told) <= known or not all(type(told[w]) is bool for w in _WORDS):
        raise InputError(f"a block is {value(dict(told))}, {', '.join(_WORDS)} were wanted.")
    second = {
        name.removeprefix(_SECOND): array
        for name, array in arrays.items()
        if name.startswith(_SECOND)
    }
    if second and len(second) != len(Norm.__dataclass_fields__):
        raise InputError(f"a second normalization has {sorted(second)} alone, all were wanted.")
    return Block(
        product=_product(told, arrays),
        skip=arrays.get("skip"),
        second=Norm(**second) if second else None,
        **{word: told[word] for word in _WORDS},
    )


def _product(told: Mapping[str, Any], arrays: Mapping[str, Array]) -> Product | None:
    if "kind" not in told:
        return None
    kind, groups = told["kind"], told.get("groups")
    if kind not in get_args(Kind) or "weight" not in arrays or type(groups) is not int:
        raise InputError(
            f"a product is {value(kind)} with groups {value(groups)}, one of "
            f"{', '.join(get_args(Kind))} with a weight was wanted."
        )
    geometry = {name: _sizes(name, told.get(name)) for name in _GEOMETRY}
    return Product(
        kind=kind, weight=arrays["weight"], bias=arrays.get("bias"), groups=groups, **geometry
    )


def _sizes(name: str, told: object) -> tuple[int, ...]:
    if isinstance(told, list) and all(type(n) is int and 0 <= n < _MOST for n in told):
        return tuple(told)
    raise InputError(f"{name} is {value(told)}, numbers that are not negative were wanted.")
