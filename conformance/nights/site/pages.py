"""The pages, out of what the archive and the catalogue know; each is a place and a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment

from conformance._version import __version__
from conformance.faults import FAULTS, UNSEEN
from conformance.nights.history.alarms import age
from conformance.nights.history.store import began
from conformance.nights.site import cells, mathematics, measured, names, news, trends
from conformance.nights.site.archive import Archive, Shown, ShownResult
from conformance.nights.site.catching import Catching
from conformance.nights.site.conventions import conventions
from conformance.nights.site.facts import Facts
from conformance.report.legend import GRADES, SIGNS, UNITS
from conformance.report.rendering import environment
from conformance.report.wording import figure, plural
from conformance.verdict.conventions import TITLES, differences
from conformance.verdict.record import SEVERITY

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Site:
    """Everything that the pages are made of.

    Attributes:
        archive: What the paths did.
        facts: What the catalogue says of its cases.
        catching: Which case shows which fault.
        news: What changed from night to night.
    """

    archive: Archive
    facts: Mapping[str, Facts]
    catching: Catching
    news: Sequence[news.News]

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every page, by its place."""
        yield "index.html", self._index()
        yield "changes.html", self._page("changes.html", "Changes", columns=self.archive.shown)
        yield "runs.html", self._runs()
        yield "cases.html", self._cases()
        yield "faults.html", self._faults()
        yield "conventions.html", self._conventions()
        for column, shown in self.archive.shown.items():
            yield names.path_page(column), self._path(column, shown)
        for case in dict.fromkeys([*self.archive.cases, *self.facts]):
            yield names.case_page(case), self._case(case)
        for fault in FAULTS.values():
            cases = self.catching.cases_of.get(fault.id, ())
            page = self._page("fault.html", fault.id, depth=1, fault=fault, cases=cases)
            yield names.fault_page(fault.id), page

    @cached_property
    def totals(self) -> dict[str, cells.SiteCell]:
        """For each path the cell of all its outputs."""
        return cells.totals(self.archive.results)

    def _index(self) -> str:
        shown, kinds = self.archive.shown, cells.kinds(self.archive)
        good, verdict = self._verdict()
        choices = (
            ("framework", "Framework", sorted({s.entry.adapter for s in shown.values()})),
            ("type", "Type", list(dict.fromkeys(kind.dtype for kind in kinds))),
            ("mode", "Mode", list(dict.fromkeys(kind.mode for kind in kinds))),
            ("rank", "Rank", sorted({kind.rank for kind in kinds})),
            ("status", "Status", [status.value for status in SEVERITY]),
        )
        return self._page(
            "index.html",
            "Matrix",
            good=good,
            verdict=verdict,
            alarms=self.archive.alarms,
            choices=choices,
            columns=shown,
            kinds=kinds,
            grid=cells.grid(self.archive),
            totals=self.totals,
            cases=len(self.archive.cases),
            last_good=self.archive.good,
            grades=GRADES,
            units_mean=UNITS,
        )

    def _verdict(self) -> tuple[bool, str]:
        tonight = {c: s for c, s in self.archive.shown.items() if not s.late}
        red = [column for column in tonight if self.totals[column].red]
        late = len(self.archive.shown) - len(tonight)
        compared = sum(shown.entry.compared for shown in tonight.values())
        said = [f"{plural(len(tonight), 'path')} reported, {compared:,} outputs compared"]
        said.append(f"red in {', '.join(red)}" if red else "nothing red")
        if late:
            said.append(f"{plural(late, 'path')} did not report")
        if self.archive.alarms:
            said.append(plural(len(self.archive.alarms), "alarm"))
        return not red and not late and not self.archive.alarms and compared > 0, "; ".join(said)

    def _path(self, column: str, shown: Shown) -> str:
        results = self.archive.results[column]
        known = trends.versions(self.archive, column)
        by_version = trends.over_versions(known)
        return self._page(
            "path.html",
            column,
            depth=1,
            column=column,
            shown=shown,
            entry=shown.entry,
            total=self.totals[column],
            good=self.archive.good.get(column),
            conventions=conventions(shown.entry.dialect, results),
            experiments=list(measured.told(shown.entry)),
            differences=list(differences(shown.entry.dialect, shown.entry.conventions)),
            time=trends.of_path(self.archive, column),
            failing=trends.failing(self.archive, column),
            versions=known,
            by_version=by_version,
            outputs=[each["label"] for each in by_version["series"]],
            cases=[
                (case, cells.cell(mine), _reasons(mine))
                for case, mine in cells.by_case(results).items()
            ],
            kind_of=self._kind,
        )

    def _case(self, case: str) -> str:
        facts = self.facts.get(case)
        mode = "test" if self._kind(case).startswith("test") else "train"
        return self._page(
            "case.html",
            case,
            depth=1,
            case=case,
            kind=self._kind(case),
            facts=facts,
            formulas=mathematics.formulas(mode),
            unit=mathematics.mathml(mathematics.UNIT),
            due={answer.name for answer in facts.answers} if facts else set(),
            faults=self.catching.faults_of.get(case, ()),
            paths=[
                (column, shown, cells.cell(mine), _reasons(mine))
                for column, shown in self.archive.shown.items()
                if (mine := self._by_case[column].get(case))
            ],
            time=trends.of_case(self.archive, case),
        )

    def _cases(self) -> str:
        listed = [
            (
                case,
                self._kind(case),
                self.facts[case].catches if case in self.facts else "",
                len(self.catching.faults_of.get(case, ())),
                sum(
                    cells.cell(mine[case]).red > 0
                    for mine in self._by_case.values()
                    if case in mine
                ),
            )
            for case in dict.fromkeys([*self.archive.cases, *self.facts])
        ]
        return self._page("cases.html", "Cases", cases=listed)

    def _faults(self) -> str:
        listed = list(FAULTS.values())
        return self._page(
            "faults.html", "Faults", faults=listed, unseen=UNSEEN, cases_of=self.catching.cases_of
        )

    def _conventions(self) -> str:
        rows = list(measured.rows(self.archive.shown))
        return self._page(
            "conventions.html",
            "Conventions",
            titles=list(TITLES.values()),
            rows=rows,
            differing=[row for row in rows if row.differences],
        )

    def _runs(self) -> str:
        listed = []
        for name, entries in reversed(self.archive.runs.items()):
            reported = [entry for entry in entries if not entry.missing]
            listed.append(
                {
                    "name": name,
                    "reported": len(reported),
                    "missing": [entry.column for entry in entries if entry.missing],
                    "compared": sum(entry.compared for entry in reported),
                    "red": sum(entry.red for entry in reported),
                    "cases": max((entry.catalogue_cases for entry in reported), default=0),
                    "catalogue": ", ".join(sorted({e.catalogue[:12] for e in reported})),
                }
            )
        return self._page("runs.html", "Runs", runs=listed, gaps=self._gaps())

    def _gaps(self) -> list[str]:
        """The nights that are missing between two runs."""
        found = []
        for before, after in pairwise(self.archive.runs):
            if began(after) - began(before) > timedelta(hours=self.archive.hours):
                found.append(f"{before[:10]} to {after[:10]}")
        return found

    @cached_property
    def _by_case(self) -> dict[str, dict[str, list[ShownResult]]]:
        return {c: cells.by_case(mine) for c, mine in self.archive.results.items()}

    def _kind(self, case: str) -> str:
        known = self.archive.cases.get(case)
        return " · ".join((known["mode"], known["layout"], known["dtype"])) if known else ""

    def _page(self, template: str, title: str, *, depth: int = 0, **values: Any) -> str:
        return self._environment.get_template(template).render(
            page=template, title=title, root="../" * depth, news=self.news, **values
        )

    @cached_property
    def _environment(self) -> Environment:
        made = environment(_TEMPLATES)
        archive = self.archive
        made.globals |= {
            "signs": SIGNS,
            "order": SEVERITY,
            "figure": figure,
            "age": partial(age, now=archive.now),
            "newest": archive.newest,
            "newest_seconds": int(began(archive.newest).timestamp()),
            "hours": archive.hours,
            "made": archive.now.isoformat(timespec="minutes"),
            "version": __version__,
            "slug": names.slug,
            "path_page": names.path_page,
            "case_page": names.case_page,
            "fault_page": names.fault_page,
            "badge": names.badge,
        }
        return made


def _reasons(results: Sequence[ShownResult]) -> list[tuple[str, str]]:
    """What there is to say about outputs that are no plain pass; the same is said once."""
    found: dict[str, list[str]] = {}
    for result in results:
        if result.status != "pass":
            said = f"{result.status}: {result.reason}" if result.reason else result.status
            found.setdefault(said, []).append(result.output)
    return [(said, ", ".join(outputs)) for said, outputs in found.items()]
