"""Versions as entries mean them, and ranges that grow to hold one more version."""

from __future__ import annotations

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version


def public_part(version: str) -> str:
    """A version without what a build adds after a plus, such as ``+cpu`` (PEP 440)."""
    return version.partition("+")[0]


def widened(versions: str, version: str) -> str:
    """A range without a gap that holds a range and a version outside of it.

    A newer version makes the range open upwards, as the range of a new failure is: who knows when
    it will be mended.  An older one moves its lower end and leaves the upper.

    Args:
        versions: The range, such as ``"==2.21.0"`` or ``">=2.13,<3"`` (PEP 440).
        version: The version.
    """
    given = Version(public_part(version))
    told = list(SpecifierSet(versions))
    lower = [end for one in told if (end := _lower(one)) is not None]
    if lower and all(given < Version(end.version) for end in lower):
        upper = [end for one in told if (end := _upper(one)) is not None]
        return str(SpecifierSet(",".join([f">={given}", *map(str, upper)])))
    return str(SpecifierSet(",".join(map(str, lower)) or f"<={given}"))


def _lower(one: Specifier) -> Specifier | None:
    """The lower end that a part of a range sets, if it sets one."""
    if one.operator in (">=", ">"):
        return one
    return Specifier(f">={_base(one)}") if one.operator in ("==", "===", "~=") else None


def _upper(one: Specifier) -> Specifier | None:
    """The upper end that a part of a range sets, if it sets one."""
    if one.operator in ("<", "<="):
        return one
    if one.operator == "~=" or (one.operator == "==" and one.version.endswith(".*")):
        release = Version(_base(one)).release
        kept = release[:-1] if one.operator == "~=" else release
        return Specifier(f"<{'.'.join(map(str, (*kept[:-1], kept[-1] + 1)))}")
    return Specifier(f"<={_base(one)}") if one.operator in ("==", "===") else None


def _base(one: Specifier) -> str:
    return one.version.removesuffix(".*")
