"""A column of the matrix: one path at a version on a device, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.case import Dialect
from conformance.verdict.known.entry import KnownFailure
from conformance.verdict.known.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One path at a version on a device, with the failures that are expected of it.

    Attributes:
        source: What loads the adapter: its name, or its file.
        adapter: Its name.
        path: Name of the path.
        about: What the path calls, in one line.
        versions: Distributions to versions, the framework first.
        device: Where it runs.
        dialect: Its conventions.
        switches: Environment variables that its worker is started with.
        traits: What its framework does on this machine, see `conformance.adapter.Adapter`.
        known: Its known failures.
        sizes: How they fail, as recorded.
        sampled: Whether it runs a sample of the cases, since each takes long.
        protections: What stands between it and the process that judges, in a line.
    """

    source: str
    adapter: str
    path: str
    about: str
    versions: dict[str, str]
    device: str
    dialect: Dialect
    switches: dict[str, str]
    traits: dict[str, bool]
    known: tuple[KnownFailure, ...]
    sizes: Sizes = field(default_factory=dict)
    sampled: bool = False
    protections: str = ""

    @property
    def id(self) -> str:
        """``adapter/path``, the name of the column."""
        return f"{self.adapter}/{self.path}"

    @property
    def selector(self) -> str:
        """What the command line takes for this column."""
        return f"{self.source}{':' if self.source.endswith('.py') else '/'}{self.path}"
