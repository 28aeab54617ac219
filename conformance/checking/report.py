"""What a check found, as frozen data, as JSON, and as what a terminal or a notebook shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.cases.published import foreign, of_folder
from conformance.checking import compared, declaration, levels
from conformance.checking.closure import Closure
from conformance.checking.levels import EdgeFound
from conformance.checking.pictures import Picture
from conformance.checking.rule import Rule
from conformance.checking.scope import Call
from conformance.checking.state.found import State
from conformance.report.wording import plural
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import HELD, CaseResult, Status, is_wrong
from conformance.verdict.record_file import encode

if TYPE_CHECKING:
    from conformance.quality.measure import Quality

SCHEMA = "conformance/check/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """A convention that experiments found, and that differs from the one that was declared.

    Attributes:
        name: Which, such as ``"momentum"``.
        found: What was found, such as ``"old"``.
        sentence: What was seen.
        setting: What to set, such as ``"--dialect momentum=old"``; None where nothing can be.
    """

    name: str
    found: str
    sentence: str
    setting: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """Cases that nobody saw before, made from the recipes of public ones with a secret seed.

    Attributes:
        seed: What they were drawn from, in hex; empty where there are none.
        given: Whether the seed was given from outside, and so known before.
        cases: How many were run.
        compared: How many of them the kernel took.
        disagree: Ids of the public cases that pass while their fresh siblings fail or are refused.
        results: What came of those siblings.
        classes: How many scopes, sizes and groups had one that the kernel took.
        least: How many each of these had at least.
        odds: How probably a kernel is caught that answers half of any class wrongly.
    """

    seed: str = ""
    given: bool = False
    cases: int = 0
    compared: int = 0
    disagree: tuple[str, ...] = ()
    results: tuple[CaseResult, ...] = ()
    classes: Mapping[str, int] = field(default_factory=dict)
    least: int = 0
    odds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a kernel did on the selected cases.

    Attributes:
        kernel: The selector.
        about: What it was recognised as.
        conforms: No value is wrong, something was compared, fresh cases agree, and grade and edges
            are what the rule asks for.
        partial: Why the check is not whole, such as ``"stopped by Ctrl-C after 12 of 443 cases"``;
            None where it is.  A partial one never conforms.
        grade: The worst grade of the values, ``"A"`` to ``"F"``; None where nothing was compared.
        cases: One result per case, in the order of the catalogue.
        drawn: One result per case that was drawn inside the scope, where few stored ones lie in it.
        scope: In which scope how much was compared; see `conformance.checking.compared`.
        takes: Names of the kernel's parameters.
        diagnosis: What is wrong, in words.
        conventions: Conventions that differ from the declared ones; looked for on a failure.
        dialect: The declared conventions.
        declared: What else is declared and narrows the questions; see
            `conformance.checking.declaration`.
        notes: What else a reader must know: not deterministic, state from call to call.
        spoilt: Why nothing that this kernel answered counts, among the notes; empty but for a
            kernel that forges, that is wrong after some calls, or whose files change.
        fresh: The secretly seeded cases.
        versions: Distributions to versions.
        device: Where it ran.
        suite: ``{"digest", "cases", "published", "tier"}``: which catalogue, how many cases it has,
            whether it is the one that the package was published with; ``"golden"`` is the folder
            where one was given.
        digest: SHA-256 over the kernel's files, those that it imports included; None where none is
            known, or where they were changed meanwhile.
        closure: Those files, and which installed distributions it imports.
        code: SHA-256 of the suite's own code.
        started: When the check began, ISO 8601 with offset.
        seconds: How long it took.
        rule: The grade that was asked for, and whether the edges must be kept.
        edges: What became of every edge that was tried; see `conformance.checking.levels`.
        protections: What stood between the kernel and this process, as
            `conformance.harness.shield.protections` names it: ``"on"`` or ``"off: why"``.
        calls: Each case without its values: what failures may have in common.
        pictures: Where in their arrays the failures are that tell most.
        quality: Bias, bits lost and roundings, where a whole check of the full tier failed nothing;
            told, and part of no verdict.
        state: How it was called many times, and which answers depend on the calls before.
    """

    kernel: str
    about: str
    conforms: bool
    grade: str | None
    cases: tuple[CaseResult, ...]
    drawn: tuple[CaseResult, ...]
    scope: Mapping[str, Any]
    takes: tuple[str, ...]
    diagnosis: tuple[Diagnosis, ...]
    conventions: tuple[Convention, ...]
    dialect: Mapping[str, str]
    declared: Mapping[str, Any]
    notes: tuple[str, ...]
    spoilt: tuple[str, ...]
    fresh: Fresh
    versions: Mapping[str, str]
    device: str
    suite: Mapping[str, Any]
    digest: str | None
    closure: Closure
    code: str
    started: str
    seconds: float
    partial: str | None = None
    rule: Rule = field(default_factory=Rule)
    edges: tuple[EdgeFound, ...] = ()
    protections: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, Call] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    quality: Quality | None = None
    state: State = field(default_factory=State)
    schema: str = field(default=SCHEMA)

    @property
    def counts(self) -> Counter[Status]:
        """How many outputs have each status."""
        return Counter(r.status for c in self.asked for r in c.outputs.values())

    @property
    def asked(self) -> tuple[CaseResult, ...]:
        """Stored cases, then those that were drawn inside the scope."""
        return (*self.cases, *self.drawn)

    @property
    def verdict(self) -> str:
        """The line that a reader who reads one line must see."""
        head = self._head()
        if catalogue := self._catalogue():
            head = f"{head} ({catalogue})"
        words = plural(len(self.asked), "case")
        declared = declaration.words(self.declared, self.dialect)
        also = f"; declared: {declared}" if declared else ""
        scope = compared.words(self.scope)
        said = f"{self.kernel}, {words}: {self._counted()}{also}; {scope}"
        return f"{head}{self._met()}: {said}"

    def _catalogue(self) -> str:
        """Which cases were asked, where it is not the published catalogue's as they lie here."""
        digest = self.suite["digest"]
        if "golden" in self.suite:
            return of_folder(self.suite["golden"], digest)
        return "" if self.suite["published"] else foreign(digest) or ""

    def _head(self) -> str:
        if self.partial:
            return f"PARTIAL ({self.partial}), no verdict"
        if not any(self.counts[s] for s in HELD):
            return "NOTHING COMPARED"
        if self.conforms:
            return "CONFORMS in values"
        if self.grade is not None and self.rule.minimum_grade < self.grade < "F":
            return "DEGRADED" if self.grade == "C" else "DOES NOT CONFORM"
        if self.grade != "F" and self.rule.strict and levels.differs(self.edges):
            return "DOES NOT CONFORM at its edges"
        return "DOES NOT CONFORM"

    def _met(self) -> str:
        """The grade and the edges: what the kernel reached, and what was asked for."""
        if self.partial:
            wrong = any(is_wrong(r) for c in self.asked for r in c.outputs.values())
            return ", FAILS" if wrong else ""
        grade = f", grade {self.grade}" if self.grade else ""
        if self.grade is not None and self.rule.minimum_grade < self.grade < "F":
            grade = f"{grade} where {self.rule.minimum_grade} was wanted"
        edges = levels.words(self.edges)
        return f"{grade}; {edges}" if edges else grade

    def _counted(self) -> str:
        """How many outputs have each status; those that differ at an edge alone by themselves."""
        results = [r for case in self.asked for r in case.outputs.values()]
        ordinary = Counter(r.status for r in results if not r.edges)
        said = [f"{ordinary[s]} {s.value}" for s in Status if ordinary[s]]
        if at_edges := len(results) - sum(ordinary.values()):
            said.append(f"{at_edges} at edges")
        return ", ".join(said)

    def to_json(self) -> str:
        """JSON of schema ``schemas/check.json``."""
        payload: dict[str, Any] = {
            "schema": self.schema,
            "verdict": self.verdict,
            **{name: getattr(self, name) for name in _PLAIN},
            "cases": [asdict(case) for case in self.cases],
            "drawn": [asdict(case) for case in self.drawn],
            "diagnosis": [
                {
                    "fault": found.fault,
                    "together": list(found.together),
                    "match": f"{found.matched} of {found.of}",
                    "outputs": list(found.outputs),
                    "only": list(found.only),
                    "sentence": found.sentence,
                }
                for found in self.diagnosis
            ],
            "conventions": [asdict(c) for c in self.conventions],
            "fresh": asdict(self.fresh),
            "rule": asdict(self.rule),
            "edges": levels.encoded(self.edges),
            "state": asdict(self.state),
            "quality": None if self.quality is None else asdict(self.quality),
        }
        return json.dumps(encode(payload), indent=1, allow_nan=False)

    def __str__(self) -> str:
        """The text that the command prints."""
        from conformance.checking.terminal import text  # noqa: PLC0415 - needs rich, when shown

        return text(self)

    def _repr_html_(self) -> str:
        """A table and a plot, for a notebook."""
        from conformance.checking.notebook import html  # noqa: PLC0415 - needs more, when shown

        return html(self)


_PLAIN = (
    "kernel",
    "about",
    "conforms",
    "partial",
    "grade",
    "dialect",
    "declared",
    "scope",
    "takes",
    "notes",
    "spoilt",
    "versions",
    "device",
    "suite",
    "digest",
    "code",
    "started",
    "seconds",
    "protections",
)
