"""One entry of a file of known failures; `conformance.verdict.known.expectations` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFailure:
    """One entry; see the text of `conformance.verdict.known.expectations`.

    Attributes:
        paths: Globs of path names.
        cases: Globs of case ids.
        outputs: Names of outputs.
        reason: Why they fail, its cause's if it names one.
        cause: Name of its cause; empty for an entry with a reason of its own.
        versions: Range of versions it speaks of; empty for all.
        since: The release since which it fails, as the one before does not; empty if unknown.
        gone: The version in which it was seen to pass; empty while it fails.
        package: Whose versions these are; empty for the adapter's first package.
        where: The trait of the machines it speaks of, with ``"no "`` before it for those without;
            empty for all machines.
        seen: How often it failed, such as ``"3 of 4"``, where it comes and goes; else empty.
        link: An issue upstream, its cause's if it has none.
    """

    paths: tuple[str, ...]
    cases: tuple[str, ...]
    outputs: tuple[str, ...]
    reason: str
    cause: str = ""
    versions: str = ""
    since: str = ""
    gone: str = ""
    package: str = ""
    where: str = ""
    seen: str = ""
    link: str = ""

    def matches(self, path: str, case: str, output: str) -> bool:
        """Whether the entry speaks of this output."""
        return (
            output in self.outputs
            and any(fnmatch(path, glob) for glob in self.paths)
            and any(fnmatch(case, glob) for glob in self.cases)
        )
